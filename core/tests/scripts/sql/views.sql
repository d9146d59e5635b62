# Views: kept with the tables, with their history.

CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT, n INTEGER)
----
CREATE TABLE, commit 2

INSERT INTO t VALUES (1, 'a', 10), (2, 'b', 20), (3, 'c', 30)
----
INSERT 3, ids 1 2 3, commit 3

CREATE VIEW big AS SELECT id, name FROM t WHERE n >= 20
----
CREATE VIEW, commit 4

SELECT * FROM big ORDER BY id DESC
----
id | name
3 | c
2 | b

SELECT b.name, t.n FROM big b JOIN t USING (id) WHERE b.id = 3
----
name | n
c | 30

EXPLAIN SELECT name FROM big WHERE id = 3
----
plan
search t by primary key: 1 key, filtered

CREATE VIEW bigger (key, label) AS SELECT id, upper(name) FROM big WHERE id > 2
----
CREATE VIEW, commit 5

SELECT * FROM bigger
----
key | label
3 | C

SELECT label FROM bigger WHERE key IN (SELECT id FROM big)
----
label
C

CREATE VIEW big AS SELECT 1
----
error Exists: table 'big' already exists

CREATE VIEW IF NOT EXISTS big AS SELECT 1
----
CREATE VIEW

CREATE VIEW wrong (a, b) AS SELECT 1
----
error Sql: the view names 2 columns, its query has 1

CREATE VIEW wrong AS SELECT nope FROM t
----
error NotFound: column 'nope' does not exist

CREATE TABLE big (id INTEGER)
----
error Exists: table 'big' already exists

INSERT INTO big VALUES (9, 'z')
----
error Invalid: 'big' is a view: it can be queried, not changed

UPDATE big SET name = 'x'
----
error Invalid: 'big' is a view: it can be queried, not changed

DELETE FROM big
----
error Invalid: 'big' is a view: it can be queried, not changed

ALTER TABLE big ADD COLUMN x INTEGER
----
error Invalid: 'big' is a view: it can be queried, not changed

@page big
----
error Invalid: 'big' is a view: it can be queried, not changed

DROP TABLE big
----
error Invalid: 'big' is a view: use DROP VIEW

DROP VIEW t
----
error Invalid: 't' is a table: use DROP TABLE

CREATE OR REPLACE VIEW big AS SELECT id, name FROM t WHERE n >= 30
----
CREATE VIEW, commit 6

SELECT * FROM big
----
id | name
3 | c

SELECT * FROM big AS OF SCN 4
----
id | name
2 | b
3 | c

INSERT INTO t VALUES (4, 'd', 40)
----
INSERT 1, ids 4, commit 7

SELECT * FROM big
----
id | name
3 | c
4 | d

SELECT * FROM bigger AS OF SCN 5
----
key | label
3 | C

# A view sees nothing of what is around it.
SELECT (SELECT COUNT(*) FROM big) FROM t WHERE id = 1
----
(SELECT COUNT(*) FROM big)
2

@branch create dev from main
----
branch dev at 7

@branch use dev

CREATE VIEW of_dev AS SELECT COUNT(*) AS c FROM big
----
CREATE VIEW, commit 8

SELECT * FROM of_dev
----
c
2

@session main

SELECT * FROM of_dev
----
error NotFound: table 'of_dev' does not exist

@merge dev into main manual
----
merged 0 rows, 0 conflicts settled, commit 8

SELECT * FROM of_dev
----
c
2

DROP TABLE t
----
DROP TABLE, commit 9

SELECT * FROM big
----
error NotFound: table 't' does not exist

DROP VIEW IF EXISTS nope
----
DROP VIEW

DROP VIEW big
----
DROP VIEW, commit 10

SELECT * FROM bigger
----
error NotFound: table 'big' does not exist

CREATE TABLE copy AS SELECT 1 AS a, 'x' AS b, 2.5 AS c
----
CREATE TABLE, commit 11

SELECT * FROM copy
----
a | b | c
1 | x | 2.5

CREATE TABLE copy AS SELECT 1
----
error Exists: table 'copy' already exists

CREATE TABLE copy2 (p, q) AS SELECT a, b FROM copy
----
CREATE TABLE, commit 12

SELECT p, q FROM copy2
----
p | q
1 | x

CREATE VIEW loop1 AS SELECT a FROM copy
----
CREATE VIEW, commit 13

CREATE VIEW loop2 AS SELECT a FROM loop1
----
CREATE VIEW, commit 14

CREATE OR REPLACE VIEW loop1 AS SELECT a FROM loop2
----
error NotFound: table 'loop1' does not exist

SELECT * FROM loop1
----
a
1
