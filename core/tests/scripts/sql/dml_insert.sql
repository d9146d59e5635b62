CREATE TABLE t (id INTEGER PRIMARY KEY, a INT DEFAULT 1, b TEXT DEFAULT 'b')
----
CREATE TABLE, commit 2

INSERT INTO t DEFAULT VALUES RETURNING *
----
INSERT 1, ids 1, commit 3
id | a | b
1 | 1 | b

INSERT INTO t VALUES (DEFAULT, DEFAULT, DEFAULT), (NULL, 2 + 3, 'x' || 'y') RETURNING id AS number, a * 2, UPPER(b) AS up
----
INSERT 2, ids 2 3, commit 4
number | a * 2 | up
2 | 2 | B
3 | 10 | XY

INSERT INTO t (b, a) SELECT b || '+', a + 1 FROM t RETURNING *
----
INSERT 3, ids 4 5 6, commit 5
id | a | b
4 | 2 | b+
5 | 2 | b+
6 | 6 | xy+

INSERT INTO t (a, b) SELECT a FROM t
----
error Sql: a row of 1 values for 2 columns of 't'

INSERT INTO t SELECT 1, 2
----
error Sql: a row of 2 values for 3 columns of 't'

INSERT INTO t (a) VALUES (1), (2, 3)
----
error Sql: a row of 2 values for 1 columns of 't'

INSERT INTO t (a) VALUES ((SELECT MAX(a) FROM t)), ((SELECT COUNT(*) FROM t)) RETURNING a
----
INSERT 2, ids 7 8, commit 6
a
6
6

INSERT INTO t (a) (SELECT 77 AS a) RETURNING a
----
INSERT 1, ids 9, commit 7
a
77

INSERT INTO t (a) VALUES (10), (20), (30) ON CONFLICT DO NOTHING
----
INSERT 3, ids 10 11 12, commit 8

WITH big AS (SELECT id, a FROM t WHERE a >= 20), more (x) AS (VALUES (1000), (2000)) INSERT INTO t (a, b) SELECT a + x, 'with' FROM big, more WHERE big.a < 100 RETURNING a
----
INSERT 6, ids 13 14 15 16 17 18, commit 9
a
1077
2077
1020
2020
1030
2030

WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4) INSERT INTO t (id, a) SELECT 500 + i, i FROM n
----
INSERT 4, ids 501 502 503 504, commit 10

INSERT INTO t (a) WITH one AS (SELECT 42 AS v) SELECT v FROM one RETURNING a
----
INSERT 1, ids 505, commit 11
a
42

SELECT COUNT(*), SUM(a), MAX(id) FROM t
----
COUNT(*) | SUM(a) | MAX(id)
23 | 9472 | 505

EXPLAIN WITH one AS (SELECT 42 AS v) INSERT INTO t (a) SELECT v FROM one
----
plan
insert into t
  rows of WITH number 1
  with one
    one row

# What RETURNING shows may come from elsewhere: the state before the statement.
CREATE TABLE o (id INTEGER PRIMARY KEY, t INT)
----
CREATE TABLE, commit 12

INSERT INTO o VALUES (1, 900), (2, 900), (3, 501)
----
INSERT 3, ids 1 2 3, commit 13

INSERT INTO t (id, a) VALUES (900, 9), (901, 10) RETURNING id, (SELECT COUNT(*) FROM o WHERE o.t = t.id) AS n, (SELECT COUNT(*) FROM t) AS before
----
INSERT 2, ids 900 901, commit 14
id | n | before
900 | 2 | 23
901 | 0 | 23

INSERT INTO t AS x (id) VALUES (902) RETURNING x.id, t.id
----
error NotFound: column 't.id' does not exist

INSERT INTO t AS x (id) VALUES (902) RETURNING x.id, x.b
----
INSERT 1, ids 902, commit 15
id | b
902 | b

INSERT INTO t (id) OVERRIDING SYSTEM VALUE VALUES (903)
----
INSERT 1, ids 903, commit 16

INSERT INTO nope VALUES (1)
----
error NotFound: table 'nope' does not exist

INSERT INTO t (id) VALUES (904) RETURNING nope
----
error NotFound: column 'nope' does not exist

SELECT COUNT(*) FROM t WHERE id > 902
----
COUNT(*)
1

# Its own table as it was before.
CREATE TABLE self (n INT)
----
CREATE TABLE, commit 17

INSERT INTO self VALUES (1)
----
INSERT 1, commit 18

INSERT INTO self SELECT n + 1 FROM self
----
INSERT 1, commit 19

INSERT INTO self SELECT n + 2 FROM self
----
INSERT 2, commit 20

INSERT INTO self SELECT n + 4 FROM self UNION ALL SELECT 0
----
INSERT 5, commit 21

SELECT COUNT(*), SUM(n) FROM self
----
COUNT(*) | SUM(n)
9 | 36

SELECT * FROM (INSERT INTO self VALUES (1))
----
error Unsupported: not supported: a statement that writes inside a query

WITH x AS (DELETE FROM self RETURNING n) SELECT * FROM x
----
error Sql: syntax error: Expected: SELECT, VALUES, or a subquery in the query body, found: DELETE at Line: 1, Column: 12

INSERT INTO t (id) VALUES (CASE WHEN 1 = 1 THEN 905 END), (-906), (1e3), (+907) RETURNING id
----
INSERT 4, ids 905 -906 1000 907, commit 22
id
905
-906
1000
907

# What ends a list of tables.
INSERT INTO t (id, a) SELECT 42, 1 ON CONFLICT (id) DO NOTHING RETURNING id
----
INSERT 1, ids 42, commit 23
id
42

INSERT INTO t (id, a) SELECT o.id, s.id FROM o JOIN o AS s ON CONFLICT (id) DO UPDATE SET a = -1 WHERE t.id = 1 RETURNING id
----
INSERT 3, commit 24
id
1
1
1

CREATE TABLE words (id INTEGER PRIMARY KEY, conflict INT, "returning" INT)
----
CREATE TABLE, commit 25

INSERT INTO words SELECT t.id + o.id, 1, o.id FROM t JOIN o ON o.t = t.id RETURNING *
----
INSERT 3, ids 504 901 902, commit 26
id | conflict | returning
504 | 1 | 3
901 | 1 | 1
902 | 1 | 2

UPDATE words SET conflict = w.returning FROM words AS w JOIN o ON conflict = o.id WHERE w.id = words.id RETURNING id, words.conflict
----
UPDATE 3, commit 27
id | conflict
504 | 3
901 | 1
902 | 2

UPDATE words SET conflict = w.returning FROM words AS w JOIN o ON w.conflict = o.id WHERE w.id = words.id RETURNING id, conflict
----
UPDATE 3
id | conflict
504 | 3
901 | 1
902 | 2
