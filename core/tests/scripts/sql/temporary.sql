# Temporary tables: one session sees them, and no commit holds them.
@session one

CREATE TABLE kept (id INTEGER PRIMARY KEY, v TEXT)
----
CREATE TABLE, commit 2

INSERT INTO kept VALUES (1, 'a'), (2, 'b')
----
INSERT 2, ids 1 2, commit 3

CREATE TEMP TABLE mine (id INTEGER PRIMARY KEY, n INT NOT NULL DEFAULT 5 CHECK (n > 0), u TEXT UNIQUE)
----
CREATE TABLE

INSERT INTO mine (u) VALUES ('x'), ('y') RETURNING *
----
INSERT 2, ids 1 2
id | n | u
1 | 5 | x
2 | 5 | y

INSERT INTO mine (u) VALUES ('x')
----
error Violation: table 'mine' already has a row with (u) = (x): mine_u_key

INSERT INTO mine (u) VALUES ('x') ON CONFLICT (u) DO UPDATE SET n = mine.n + 1 RETURNING n
----
INSERT 1
n
6

UPDATE mine SET id = id + 10, n = n * 2
----
UPDATE 2

DELETE FROM mine WHERE u = 'y'
----
DELETE 1

SELECT * FROM mine
----
id | n | u
11 | 12 | x

SELECT k.v, m.n FROM kept k LEFT JOIN mine m ON m.id = k.id + 10 ORDER BY k.id
----
v | n
a | 12
b | NULL

@session two

SELECT * FROM mine
----
error NotFound: table 'mine' does not exist

INSERT INTO mine VALUES (1, 1, 'z')
----
error NotFound: table 'mine' does not exist

CREATE TEMPORARY TABLE mine (other INT)
----
CREATE TABLE

INSERT INTO mine VALUES (7)
----
INSERT 1

SELECT * FROM mine
----
other
7

@session one

SELECT * FROM mine
----
id | n | u
11 | 12 | x

SELECT message FROM offshoot_log ORDER BY scn DESC LIMIT 1
----
message
INSERT INTO kept (2 rows)

# One statement may write both; what is kept of it is committed.
INSERT INTO kept SELECT id, u FROM mine
----
INSERT 1, ids 11, commit 4

CREATE TEMP TABLE copied AS SELECT id, v FROM kept WHERE id > 1
----
CREATE TABLE

SELECT * FROM copied ORDER BY id
----
id | v
2 | b
11 | x

# It goes back with its transaction, and with a savepoint.
BEGIN
----
BEGIN

INSERT INTO copied VALUES (100, 'lost')
----
INSERT 1

CREATE TEMP TABLE gone (a INT)
----
CREATE TABLE

ROLLBACK
----
ROLLBACK

SELECT count(*) FROM copied
----
count(*)
2

SELECT * FROM gone
----
error NotFound: table 'gone' does not exist

BEGIN
----
BEGIN

INSERT INTO copied VALUES (100, 'held')
----
INSERT 1

SAVEPOINT s
----
SAVEPOINT

DELETE FROM copied
----
DELETE 3

ROLLBACK TO s
----
ROLLBACK

INSERT INTO kept VALUES (100, 'with it')
----
INSERT 1, ids 100

COMMIT
----
COMMIT, commit 5

SELECT count(*) FROM copied
----
count(*)
3

SELECT count(*) FROM kept
----
count(*)
4

# A statement that fails leaves it as it was.
INSERT INTO mine VALUES (50, 1, 'ok'), (51, -1, 'bad')
----
error Violation: a row of table 'mine' fails the check 'mine_n_check'

SELECT count(*) FROM mine
----
count(*)
1

# Its definition may change, and its rows go along.
ALTER TABLE copied ADD COLUMN n INTEGER DEFAULT 3
----
ALTER TABLE

CREATE UNIQUE INDEX copied_v ON copied (v DESC)
----
CREATE INDEX

INSERT INTO copied VALUES (200, 'x', 1)
----
error Violation: table 'copied' already has a row with (v) = (x): copied_v

EXPLAIN SELECT id FROM copied WHERE v = 'b'
----
plan
scan copied, filtered

SELECT id FROM copied WHERE v = 'b'
----
id
2

ALTER TABLE copied ALTER COLUMN n TYPE TEXT
----
ALTER TABLE

ALTER TABLE copied RENAME TO copy
----
ALTER TABLE

UPDATE copy SET n = n || '!'
----
UPDATE 3

SELECT * FROM copy ORDER BY id
----
id | v | n
2 | b | 3!
11 | x | 3!
100 | held | 3!

TRUNCATE copy
----
TRUNCATE 3

SELECT count(*) FROM copy
----
count(*)
0

# It stands before a table of its name; a view reads the table.
CREATE VIEW seen AS SELECT count(*) AS n FROM kept
----
CREATE VIEW, commit 6

CREATE TEMP TABLE kept (a INT)
----
CREATE TABLE

SELECT * FROM kept
----
a

SELECT * FROM seen
----
n
4

CREATE VIEW private AS SELECT * FROM copy
----
error NotFound: table 'copy' does not exist

DROP TABLE kept
----
DROP TABLE

SELECT count(*) FROM kept
----
count(*)
4

CREATE TEMP TABLE IF NOT EXISTS copy (x INT)
----
CREATE TABLE

CREATE TEMP TABLE copy (x INT)
----
error Exists: table 'copy' already exists

# What there is.
SELECT table_name, table_type FROM information_schema.tables ORDER BY table_name
----
table_name | table_type
copy | LOCAL TEMPORARY
kept | BASE TABLE
mine | LOCAL TEMPORARY
seen | VIEW

SELECT name FROM sqlite_schema ORDER BY name
----
name
kept
seen

PRAGMA table_info(mine)
----
cid | name | type | notnull | dflt_value | pk
0 | id | INTEGER | 0 | NULL | 1
1 | n | INTEGER | 1 | 5 | 0
2 | u | TEXT | 0 | NULL | 0

# It is no part of the past, and goes with the session to another branch.
SELECT * FROM copy AS OF SCN 2
----
error NotFound: table 'copy' does not exist

SELECT m.n, k.id FROM mine m, kept AS OF SCN 3 AS k ORDER BY k.id
----
n | id
12 | 1
12 | 2

CREATE BRANCH other
----
CREATE BRANCH

USE BRANCH other
----
USE BRANCH

SELECT * FROM mine
----
id | n | u
11 | 12 | x

CREATE TABLE child (a INTEGER REFERENCES mine (id))
----
error Unsupported: not supported: a reference to a temporary table

CREATE TEMP TABLE child (a INTEGER REFERENCES kept (id))
----
error Unsupported: not supported: REFERENCES of a temporary table

CREATE TEMP VIEW w AS SELECT 1
----
error Unsupported: not supported: materialized and temporary views

CREATE TEMP TABLE ends (a INT) ON COMMIT DROP
----
error Unsupported: not supported: ON COMMIT

CREATE TEMP TABLE stays (a INT) ON COMMIT PRESERVE ROWS
----
CREATE TABLE

SELECT count(*) FROM offshoot_log
----
count(*)
6
