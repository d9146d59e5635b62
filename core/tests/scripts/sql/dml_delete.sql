CREATE TABLE t (id INTEGER PRIMARY KEY, a INT, b TEXT)
----
CREATE TABLE, commit 2

CREATE TABLE o (id INTEGER PRIMARY KEY, t INT, v INT)
----
CREATE TABLE, commit 3

INSERT INTO t VALUES (1, 10, 'a'), (2, 20, 'b'), (3, 30, 'c'), (4, 40, 'd'), (5, 50, 'e'), (6, 60, 'f'), (7, 70, 'g'), (8, 80, 'h')
----
INSERT 8, ids 1 2 3 4 5 6 7 8, commit 4

INSERT INTO o VALUES (1, 1, 100), (2, 1, 101), (3, 3, 300), (4, 5, 500), (5, 7, 700)
----
INSERT 5, ids 1 2 3 4 5, commit 5

DELETE FROM t USING o WHERE o.t = t.id AND o.v < 200 RETURNING t.id, o.v >= 100
----
DELETE 1, commit 6
id | o.v >= 100
1 | true

DELETE FROM t AS x USING o, (SELECT 3 AS three) AS s WHERE o.t = x.id AND x.id = s.three RETURNING x.*, s.three
----
DELETE 1, commit 7
id | a | b | three
3 | 30 | c | 3

EXPLAIN DELETE FROM t USING o WHERE o.t = t.id
----
plan
delete from t
  join by hash of 1 keys
    scan t
    scan o

DELETE FROM t WHERE EXISTS (SELECT 1 FROM o WHERE o.t = t.id AND o.v = t.a * 10) RETURNING *
----
DELETE 2, commit 8
id | a | b
5 | 50 | e
7 | 70 | g

DELETE FROM t WHERE id NOT IN (SELECT id FROM t AS s WHERE s.a > (SELECT AVG(a) FROM t AS r WHERE r.id <> t.id)) RETURNING id
----
DELETE 2, commit 9
id
2
4

SELECT * FROM t
----
id | a | b
6 | 60 | f
8 | 80 | h

INSERT INTO t VALUES (1, 10, 'a'), (2, 20, 'b'), (3, 30, 'c')
----
INSERT 3, ids 1 2 3, commit 10

DELETE FROM t ORDER BY a DESC LIMIT 1
----
DELETE 1, commit 11

DELETE FROM t RETURNING id ORDER BY id LIMIT 1 OFFSET 1
----
DELETE 1, commit 12
id
2

DELETE FROM t ORDER BY id
----
error Sql: ORDER BY chooses the rows to change only beside LIMIT

DELETE FROM t LIMIT 0
----
DELETE 0

WITH old AS (SELECT id FROM t WHERE a < 25) DELETE FROM t WHERE id IN (SELECT id FROM old) RETURNING id, b
----
DELETE 1, commit 13
id | b
1 | a

SELECT * FROM t
----
id | a | b
3 | 30 | c
6 | 60 | f

DELETE FROM t WHERE id IN (SELECT id FROM t) RETURNING (SELECT COUNT(*) FROM o WHERE o.t = t.id), id
----
DELETE 2, commit 14
(SELECT COUNT(*) FROM o WHERE o.t = t.id) | id
1 | 3
0 | 6

DELETE FROM t, o
----
error Unsupported: not supported: DELETE from more than one table

DELETE FROM t USING t WHERE TRUE
----
error Sql: FROM names 't' twice: give one an alias

DELETE FROM nope
----
error NotFound: table 'nope' does not exist

DELETE FROM t WHERE nope = 1
----
error NotFound: column 'nope' does not exist

EXPLAIN DELETE FROM t LIMIT 1
----
plan
delete from t
  limit
    scan t
