# What is refused, each by its name; nothing is changed by any of it.
CREATE TABLE a (x INTEGER PRIMARY KEY, y TEXT)
----
CREATE TABLE, commit 2

SELECT id, sum(id) OVER (ORDER BY id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW EXCLUDE CURRENT ROW) FROM a
----
error Unsupported: not supported: EXCLUDE in a window frame

CREATE TRIGGER tr AFTER INSERT ON a BEGIN SELECT 1; END
----
error Unsupported: not supported: CREATE TRIGGER

CREATE TRIGGER tr AFTER INSERT ON a FOR EACH ROW EXECUTE FUNCTION f()
----
error Unsupported: not supported: CREATE TRIGGER

DROP TRIGGER tr
----
error Unsupported: not supported: DROP TRIGGER

VACUUM
----
error Unsupported: not supported: VACUUM

VACUUM FULL a
----
error Unsupported: not supported: VACUUM

ANALYZE
----
error Unsupported: not supported: ANALYZE

ANALYZE a
----
error Unsupported: not supported: ANALYZE

REINDEX
----
error Unsupported: not supported: REINDEX

REINDEX TABLE a
----
error Unsupported: not supported: REINDEX

GRANT SELECT ON a TO b
----
error Unsupported: not supported: the statement GRANT SELECT

REVOKE SELECT ON a FROM b
----
error Unsupported: not supported: the statement REVOKE SELECT

COPY a FROM 'x'
----
error Unsupported: not supported: the statement COPY a

COPY a TO STDOUT
----
error Unsupported: not supported: the statement COPY a

SELECT * FROM a, LATERAL (SELECT a.x) b
----
error Unsupported: not supported: LATERAL

SELECT * FROM a CROSS JOIN LATERAL (SELECT a.x) b
----
error Unsupported: not supported: LATERAL

SELECT * FROM a LEFT JOIN LATERAL (SELECT a.x) b ON TRUE
----
error Unsupported: not supported: LATERAL

CREATE TABLE b (x INTEGER[])
----
error Unsupported: not supported: columns of arrays: use JSON

SELECT ARRAY[1, 2]
----
error Unsupported: not supported: the expression ARRAY[1, 2]

SELECT '{1}'::INTEGER[]
----
error Unsupported: not supported: columns of arrays: use JSON

SELECT array_agg(x) FROM a
----
error Unsupported: not supported: the function array_agg

SELECT unnest(ARRAY[1])
----
error Unsupported: not supported: the expression ARRAY[1]

CREATE ROLE r
----
error Unsupported: not supported: the statement CREATE ROLE

CREATE USER u
----
error Unsupported: not supported: CREATE USER

ALTER ROLE r WITH LOGIN
----
error Unsupported: not supported: ALTER ROLE

CREATE TYPE t AS ENUM ('a')
----
error Unsupported: not supported: CREATE TYPE

CREATE DOMAIN d AS INTEGER
----
error Unsupported: not supported: CREATE DOMAIN

CREATE EXTENSION x
----
error Unsupported: not supported: the statement CREATE EXTENSION

CREATE DATABASE d
----
error Unsupported: not supported: the statement CREATE DATABASE

CREATE SCHEMA s
----
error Unsupported: not supported: the statement CREATE SCHEMA

DROP SCHEMA s
----
error Unsupported: not supported: DROP SCHEMA

CREATE SEQUENCE s
----
error Unsupported: not supported: the statement CREATE SEQUENCE

SELECT nextval('s')
----
error Unsupported: not supported: the function nextval

LISTEN x
----
error Unsupported: not supported: the statement LISTEN

NOTIFY x
----
error Unsupported: not supported: the statement NOTIFY

LOCK TABLE a
----
error Unsupported: not supported: the statement LOCK

SET search_path TO x
----
error Unsupported: not supported: the statement SET search_path

SET x = 1
----
error Unsupported: not supported: the statement SET x

SHOW x
----
error Unsupported: not supported: the statement SHOW x

RESET ALL
----
error Unsupported: not supported: the statement RESET

EXPLAIN (FORMAT JSON) SELECT 1
----
error Unsupported: not supported: options of EXPLAIN

DO $$ BEGIN END $$
----
error Unsupported: not supported: the statement DO

CALL p()
----
error Unsupported: not supported: the statement CALL p()

PREPARE p AS SELECT 1
----
error Unsupported: not supported: the statement PREPARE p

EXECUTE p
----
error Unsupported: not supported: the statement EXECUTE p

DEALLOCATE p
----
error Unsupported: not supported: the statement DEALLOCATE p

DECLARE c CURSOR FOR SELECT 1
----
error Unsupported: not supported: the statement DECLARE c

FETCH NEXT FROM c
----
error Unsupported: not supported: the statement FETCH NEXT

CLOSE c
----
error Unsupported: not supported: the statement CLOSE c

CREATE VIRTUAL TABLE v USING fts5(x)
----
error Unsupported: not supported: the statement CREATE VIRTUAL

CREATE FUNCTION f() RETURNS INTEGER AS 'SELECT 1'
----
error Unsupported: not supported: the statement CREATE FUNCTION

CREATE PROCEDURE f() AS BEGIN END
----
error Unsupported: not supported: CREATE PROCEDURE

CREATE MATERIALIZED VIEW m AS SELECT 1
----
error Unsupported: not supported: materialized and temporary views

REFRESH MATERIALIZED VIEW m
----
error Unsupported: not supported: the statement REFRESH

CREATE POLICY p ON a USING (true)
----
error Unsupported: not supported: the statement CREATE POLICY

ALTER TABLE a ENABLE ROW LEVEL SECURITY
----
error Unsupported: not supported: ALTER TABLE … ENABLE ROW LEVEL SECURITY

SELECT x FROM a GROUP BY ROLLUP (x)
----
error Unsupported: not supported: ROLLUP, CUBE and GROUPING SETS

SELECT x FROM a GROUP BY CUBE (x)
----
error Unsupported: not supported: ROLLUP, CUBE and GROUPING SETS

SELECT x FROM a GROUP BY GROUPING SETS ((x), ())
----
error Unsupported: not supported: ROLLUP, CUBE and GROUPING SETS

SELECT x FROM a TABLESAMPLE SYSTEM (10)
----
error Unsupported: not supported: TABLESAMPLE

SELECT x FROM a FOR UPDATE
----
error Unsupported: not supported: FOR UPDATE

SELECT x FROM a LIMIT 1 WITH TIES
----
error Unsupported: not supported: WITH TIES

SELECT x FROM a FETCH FIRST 1 ROWS WITH TIES
----
error Unsupported: not supported: FETCH … WITH TIES and PERCENT

SELECT * FROM a PIVOT (sum(x) FOR y IN ('a'))
----
error Unsupported: not supported: this form of table in FROM

SELECT x FROM a WHERE y MATCH 'x'
----
error Unsupported: not supported: the operator MATCH

SELECT x INTO b FROM a
----
error Unsupported: not supported: SELECT INTO

ATTACH DATABASE 'x' AS y
----
error Unsupported: not supported: the statement ATTACH DATABASE

DETACH DATABASE y
----
error Unsupported: not supported: the statement DETACH DATABASE

CREATE TABLE p (a INTEGER) PARTITION BY RANGE (a)
----
error Unsupported: not supported: PARTITION BY

CREATE TABLE p (LIKE a)
----
error Unsupported: not supported: CREATE TABLE (LIKE …)

CREATE TABLE p (b INTEGER) INHERITS (a)
----
error Unsupported: not supported: INHERITS

CREATE TABLE p (a TEXT COLLATE NOCASE)
----
error Unsupported: not supported: COLLATE NOCASE

CREATE INDEX i2 ON a (y COLLATE NOCASE)
----
error Unsupported: not supported: the expression y COLLATE NOCASE

CREATE INDEX i3 ON a USING gin (y)
----
error Unsupported: not supported: index methods other than btree

CREATE INDEX i4 ON a (x) INCLUDE (y)
----
error Unsupported: not supported: INCLUDE

CREATE INDEX i5 ON a (x) WHERE x > 1
----
error Unsupported: not supported: partial indexes

CREATE TABLE r (x INTEGER, EXCLUDE USING gist (x WITH =))
----
error Unsupported: not supported: EXCLUDE constraints

CREATE TABLE r2 (x INTEGER REFERENCES a (x) ON DELETE SET DEFAULT)
----
error Unsupported: not supported: SET DEFAULT

CREATE TABLE r3 (x INTEGER PRIMARY KEY ON CONFLICT REPLACE)
----
error Unsupported: not supported: the column option ON CONFLICT REPLACE

ALTER TABLE a ADD COLUMN z INTEGER FIRST
----
error Unsupported: not supported: ADD COLUMN … FIRST and AFTER: columns are added at the end

MERGE INTO a USING a b ON a.x = b.x WHEN MATCHED THEN DELETE
----
error Unsupported: not supported: the statement MERGE INTO

SELECT y COLLATE NOCASE FROM a ORDER BY y COLLATE NOCASE
----
error Unsupported: not supported: the expression y COLLATE NOCASE

SELECT y COLLATE RTRIM FROM a
----
error Unsupported: not supported: the expression y COLLATE RTRIM

SELECT * FROM json_each('[1]')
----
error Unsupported: not supported: the table function json_each

SELECT * FROM json_table('[1]', '$' COLUMNS (x INT PATH '$'))
----
error Unsupported: not supported: JSON_TABLE

SELECT XMLELEMENT(NAME a)
----
error Unsupported: not supported: XML

SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY x) FROM a
----
error Unsupported: not supported: this form of percentile_cont

SELECT to_tsvector('x') @@ to_tsquery('x')
----
error Unsupported: not supported: the function to_tsvector

SELECT MATCH (y) AGAINST ('x') FROM a
----
error Unsupported: not supported: the expression MATCH (y) AGAINST ('x')

UPDATE a SET x = 1 WHERE CURRENT OF c
----
error Unsupported: not supported: WHERE CURRENT OF

SELECT a.*, b.* EXCEPT (x) FROM a, a b
----
error Unsupported: not supported: options behind *

SELECT * FROM a NATURAL LEFT JOIN LATERAL (SELECT 1) q
----
error Unsupported: not supported: LATERAL

BEGIN READ ONLY
----
error Unsupported: not supported: READ ONLY transactions

COMMIT AND CHAIN
----
error Unsupported: not supported: AND CHAIN

INSERT INTO a VALUES (1, 'x') ON DUPLICATE KEY UPDATE y = 'z'
----
error Unsupported: not supported: ON DUPLICATE KEY UPDATE

UPDATE OR FAIL a SET x = 1
----
error Unsupported: not supported: UPDATE OR FAIL: a statement does all of its work, or nothing

LOAD DATA INFILE 'x' INTO TABLE a
----
error Unsupported: not supported: the statement LOAD

USE mysql
----
error Unsupported: not supported: the statement USE mysql

KILL 1
----
error Unsupported: not supported: the statement KILL 1

OPTIMIZE TABLE a
----
error Unsupported: not supported: the statement OPTIMIZE TABLE

CREATE TEMP VIEW w AS SELECT 1
----
error Unsupported: not supported: materialized and temporary views

CREATE STATISTICS s ON x FROM a
----
error Unsupported: not supported: CREATE STATISTICS

CREATE AGGREGATE ag (int) (SFUNC = f)
----
error Unsupported: not supported: CREATE AGGREGATE

CREATE CAST (a AS b) WITH FUNCTION f
----
error Unsupported: not supported: CREATE CAST

CREATE OPERATOR === (LEFTARG = int)
----
error Unsupported: not supported: CREATE OPERATOR

CREATE RULE r AS ON INSERT TO a DO NOTHING
----
error Unsupported: not supported: CREATE RULE

CREATE SERVER s FOREIGN DATA WRAPPER w
----
error Unsupported: not supported: CREATE SERVER

CREATE FOREIGN TABLE f (x int) SERVER s
----
error Unsupported: not supported: CREATE FOREIGN

CREATE TABLESPACE t LOCATION '/x'
----
error Unsupported: not supported: CREATE TABLESPACE

CREATE PUBLICATION p
----
error Unsupported: not supported: CREATE PUBLICATION

IMPORT FOREIGN SCHEMA s FROM SERVER x INTO y
----
error Unsupported: not supported: the statement IMPORT

CHECKPOINT
----
error Unsupported: not supported: the statement CHECKPOINT

DISCARD ALL
----
error Unsupported: not supported: the statement DISCARD ALL

CLUSTER a
----
error Unsupported: not supported: CLUSTER

SECURITY LABEL ON TABLE a IS 'x'
----
error Unsupported: not supported: the statement SECURITY

SELECT * FROM ROWS FROM (generate_series(1,2))
----
error Unsupported: not supported: ROWS FROM

SELECT * FROM generate_series(1,2) WITH ORDINALITY
----
error Unsupported: not supported: WITH ORDINALITY

WITH RECURSIVE x(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM x WHERE n < 3) SEARCH DEPTH FIRST BY n SET o SELECT * FROM x
----
error Unsupported: not supported: SEARCH in a recursive query

SELECT GROUPING(x) FROM a GROUP BY x
----
error Unsupported: not supported: the function GROUPING

SELECT lag(x) IGNORE NULLS OVER (ORDER BY x) FROM a
----
error Unsupported: not supported: options of lag as a window function

SELECT count(DISTINCT x) OVER () FROM a
----
error Unsupported: not supported: DISTINCT in a window function

SELECT TRY_CAST(y AS INTEGER) FROM a
----
error Unsupported: not supported: the expression TRY_CAST(y AS INTEGER)

SELECT x = ANY (ARRAY[1, 2]) FROM a
----
error Unsupported: not supported: ANY and ALL of anything but a subquery

SELECT TIMESTAMP '2024-01-01' AT TIME ZONE 'Europe/Berlin'
----
error Unsupported: not supported: the expression TIMESTAMP '2024-01-01' AT TIME ZONE 'Europe/Berlin'

SELECT OVERLAY('abc' PLACING 'x' FROM 2)
----
error Unsupported: not supported: the expression OVERLAY('abc' PLACING 'x' FROM 2)

SELECT ROW(1, 2)
----
error Unsupported: not supported: the function ROW

SELECT x FROM nosuch.a
----
error Unsupported: not supported: the schema in the name nosuch.a

SELECT y[1] FROM a
----
error Unsupported: not supported: the expression y[1]

SELECT 2 ^ 3
----
error Unsupported: not supported: the operator ^

SELECT 10 DIV 3
----
error Unsupported: not supported: the operator DIV: use / on integers

SELECT 10 XOR 3
----
error Unsupported: not supported: the operator XOR

SELECT B'101'
----
error Unsupported: not supported: the literal B'101'

TRUNCATE a RESTART IDENTITY
----
error Unsupported: not supported: RESTART IDENTITY: an automatic id is never given twice

CREATE TABLE p2 (a TEXT COLLATE "C")
----
error Unsupported: not supported: COLLATE "C"

# Words of these are names everywhere else.
SELECT 1 AS cycle, 2 AS match, 3 AS exclude, 4 AS listen
----
cycle | match | exclude | listen
1 | 2 | 3 | 4

CREATE TABLE search (depth INTEGER, cycle TEXT)
----
CREATE TABLE, commit 3

SELECT depth, cycle FROM search, lock
----
error NotFound: table 'lock' does not exist

SELECT table_name FROM information_schema.tables
----
table_name
a
search

SELECT count(*) FROM offshoot_log
----
count(*)
3
