CREATE TABLE t (id INTEGER PRIMARY KEY, a INT DEFAULT 7, b TEXT, UNIQUE (a))
----
CREATE TABLE, commit 2

CREATE TABLE o (id INTEGER PRIMARY KEY, t INT, v INT, name TEXT)
----
CREATE TABLE, commit 3

INSERT INTO t VALUES (1, 10, 'one'), (2, 20, 'two'), (3, 30, 'three'), (4, 40, NULL)
----
INSERT 4, ids 1 2 3 4, commit 4

INSERT INTO o VALUES (1, 1, 100, 'x'), (2, 2, 200, 'y'), (3, 4, 400, 'z'), (4, 9, 900, 'w')
----
INSERT 4, ids 1 2 3 4, commit 5

# UPDATE … FROM.
UPDATE t SET a = o.v, b = t.b || '/' || o.name FROM o WHERE o.t = t.id
----
UPDATE 3, commit 6

SELECT * FROM t
----
id | a | b
1 | 100 | one/x
2 | 200 | two/y
3 | 30 | three
4 | 400 | NULL

UPDATE t AS x SET b = 'from ' || p.name FROM o AS p WHERE p.t = x.id AND p.v > 100 RETURNING x.id, b, p.name, p.v + 1 AS more
----
UPDATE 2, commit 7
id | b | name | more
2 | from y | y | 201
4 | from z | z | 401

UPDATE t SET b = o.name FROM o WHERE o.t = t.id RETURNING *
----
UPDATE 3, commit 8
id | a | b
1 | 100 | x
2 | 200 | y
4 | 400 | z

EXPLAIN UPDATE t SET b = o.name FROM o WHERE o.t = t.id
----
plan
update t
  join by hash of 1 keys
    scan t
    scan o

# Several tables and joins.
CREATE TABLE p (o INT PRIMARY KEY, factor INT)
----
CREATE TABLE, commit 9

INSERT INTO p VALUES (1, 2), (2, 3), (3, NULL)
----
INSERT 3, ids 1 2 3, commit 10

UPDATE t SET a = o.v * p.factor FROM o, p WHERE o.t = t.id AND p.o = o.id AND p.factor IS NOT NULL
----
UPDATE 2, commit 11

UPDATE t SET b = o.name || COALESCE(p.factor, 0) FROM o LEFT JOIN p ON p.o = o.id, (SELECT 1 AS one) AS s WHERE o.t = t.id AND s.one = 1
----
UPDATE 3, commit 12

SELECT * FROM t
----
id | a | b
1 | 200 | x2
2 | 600 | y3
3 | 30 | three
4 | 400 | z0

UPDATE t SET b = s.n FROM (SELECT t, COUNT(*) AS n FROM o GROUP BY t) AS s WHERE s.t = t.id RETURNING id, b, s.n
----
UPDATE 3, commit 13
id | b | n
1 | 1 | 1
2 | 1 | 1
4 | 1 | 1

UPDATE t SET b = v.column2 FROM (VALUES (1, 'uno'), (2, 'dos')) AS v WHERE v.column1 = t.id
----
UPDATE 2, commit 14

# One row of several is enough.
UPDATE t SET b = 'any' FROM o WHERE o.id > 0 AND t.id = 3 RETURNING id, b
----
UPDATE 1, commit 15
id | b
3 | any

# Another look at the same table.
UPDATE t SET b = other.b FROM t AS other WHERE other.id = t.id + 1 RETURNING id, b
----
UPDATE 3, commit 16
id | b
1 | dos
2 | any
3 | 1

UPDATE t SET b = other.b FROM t WHERE t.id = 1
----
error Sql: FROM names 't' twice: give one an alias

UPDATE t SET b = id FROM o WHERE o.t = t.id
----
error Sql: column 'id' is ambiguous

UPDATE t SET b = SUM(o.v) FROM o
----
error Sql: SET holds an aggregate function: write a subquery

# Row values.
UPDATE t SET (a, b) = (11, 'eleven') WHERE id = 1
----
UPDATE 1, commit 17

UPDATE t SET (a, b) = (SELECT v + 1, name FROM o WHERE o.t = t.id) WHERE id IN (1, 2, 4) RETURNING *
----
UPDATE 3, commit 18
id | a | b
1 | 101 | x
2 | 201 | y
4 | 401 | z

UPDATE t SET (a, b) = (SELECT MAX(v) * 2, MIN(name) FROM o) WHERE id = 3 RETURNING *
----
UPDATE 1, commit 19
id | a | b
3 | 1800 | w

UPDATE t SET (a, b) = (1, 2, 3)
----
error Sql: a row of 3 values for 2 columns

UPDATE t SET (a, b) = (SELECT 1, 2, 3)
----
error Sql: '(a, b)' names 2 columns of 3

UPDATE t SET (a, b) = (SELECT 1)
----
error Sql: '(a, b)' names 2 columns of 1

UPDATE t SET (a, b) = ROW(DEFAULT, 'row') WHERE id = 3 RETURNING *
----
UPDATE 1, commit 20
id | a | b
3 | 7 | row

UPDATE t SET (a, b) = (DEFAULT, 'second seven') WHERE id = 4
----
error Violation: table 't' already has a row with (a) = (7): t_a_key

UPDATE t SET (a, b) = (1, 2), b = 3
----
error Sql: column 'b' is set twice

# Subqueries.
UPDATE t SET b = (SELECT name FROM o WHERE o.t = t.id)
----
UPDATE 4, commit 21

UPDATE t SET a = a + (SELECT COUNT(*) FROM o WHERE o.t >= t.id) WHERE EXISTS (SELECT 1 FROM o WHERE o.t = t.id)
----
UPDATE 3, commit 22

SELECT * FROM t
----
id | a | b
1 | 105 | x
2 | 204 | y
3 | 7 | NULL
4 | 403 | z

UPDATE t SET b = 'in' WHERE id IN (SELECT t FROM o WHERE v > 150)
----
UPDATE 2, commit 23

UPDATE t SET b = 'pair' WHERE (id, a) IN (SELECT id, a FROM t WHERE id < 3)
----
UPDATE 2, commit 24

UPDATE t SET b = 'least' WHERE a <= ALL (SELECT a FROM t)
----
UPDATE 1, commit 25

EXPLAIN UPDATE t SET b = (SELECT name FROM o WHERE o.t = t.id) WHERE id = 2
----
plan
update t
  search t by primary key: 1 key
  subquery (value), run for each row around it
    search o for what is around it

EXPLAIN UPDATE t SET b = 'in' WHERE id IN (SELECT t FROM o WHERE v > 150)
----
plan
update t
  search t by primary key: 3 keys, filtered
  subquery (in), run once
    scan o, filtered

SELECT * FROM t
----
id | a | b
1 | 105 | pair
2 | 204 | pair
3 | 7 | least
4 | 403 | in

UPDATE t SET b = (SELECT v FROM o)
----
error Sql: a subquery that stands for a value gave several rows

# Keys trade places.
UPDATE t SET id = 5 - id
----
UPDATE 4, commit 26

UPDATE t SET id = CASE id WHEN 1 THEN 2 WHEN 2 THEN 1 ELSE id END, a = (SELECT a FROM t AS s WHERE s.id = 5 - t.id)
----
UPDATE 4, commit 27

SELECT * FROM t
----
id | a | b
1 | 204 | least
2 | 105 | in
3 | 7 | pair
4 | 403 | pair

UPDATE t SET id = id - 1
----
UPDATE 4, commit 28

UPDATE t SET id = 0 WHERE id = 2
----
error Violation: table 't' already has a row with (id) = (0): PRIMARY KEY

UPDATE t SET id = 9 WHERE id IN (1, 2)
----
error Violation: table 't' already has a row with (id) = (9): PRIMARY KEY

# LIMIT.
UPDATE t SET b = 'limited' WHERE id < 3 RETURNING id ORDER BY id DESC LIMIT 2
----
UPDATE 2, commit 29
id
2
1

UPDATE t SET b = 'offset' ORDER BY a DESC LIMIT 1 OFFSET 1
----
UPDATE 1, commit 30

UPDATE t SET b = 'x' ORDER BY id
----
error Sql: ORDER BY chooses the rows to change only beside LIMIT

UPDATE t SET b = 'x' FROM o WHERE o.t = t.id LIMIT 1
----
error Unsupported: not supported: LIMIT where several tables choose the rows

SELECT * FROM t
----
id | a | b
0 | 204 | offset
1 | 105 | limited
2 | 7 | limited
3 | 403 | pair

# WITH.
WITH best AS (SELECT t, MAX(v) AS v FROM o GROUP BY t) UPDATE t SET a = best.v FROM best WHERE best.t = t.id
----
UPDATE 2, commit 31

WITH best AS (SELECT t, MAX(v) AS v FROM o GROUP BY t) UPDATE t SET b = (SELECT v FROM best WHERE best.t = t.id) WHERE id IN (SELECT t FROM best) RETURNING *
----
UPDATE 2, commit 32
id | a | b
1 | 100 | 100
2 | 200 | 200

WITH t AS (SELECT 1 AS id, 'shadow' AS b) UPDATE t SET b = 'real' WHERE id = 1
----
UPDATE 1, commit 33

SELECT * FROM t
----
id | a | b
0 | 204 | offset
1 | 100 | real
2 | 200 | 200
3 | 403 | pair

UPDATE t SET b = 'past' FROM t AS OF SCN 4 AS old WHERE old.id = t.id AND old.a = 30
----
UPDATE 1, commit 34

UPDATE t AS OF SCN 4 SET b = 'past'
----
error Sql: AS OF must stand right behind a table's name or alias

UPDATE t SET b = 'shown' WHERE id = 0 RETURNING id, (SELECT COUNT(*) FROM o WHERE o.t > t.id) AS n, (SELECT b FROM t AS s WHERE s.id = t.id) AS before
----
UPDATE 1, commit 35
id | n | before
0 | 4 | offset

UPDATE OR IGNORE t SET id = 1
----
UPDATE 1

UPDATE nope SET a = 1
----
error NotFound: table 'nope' does not exist

UPDATE t, o SET a = 1
----
error Sql: syntax error: Expected: SET, found: , at Line: 1, Column: 9

UPDATE t SET b = COUNT(*)
----
error Sql: the aggregate COUNT cannot stand here

UPDATE t SET b = 'last' FROM o RETURNING id
----
UPDATE 4, commit 36
id
0
1
2
3
