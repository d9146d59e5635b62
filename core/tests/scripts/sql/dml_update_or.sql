# UPDATE OR: rows are changed one after the other, and each meets those that were changed before it.
CREATE TABLE t (id INTEGER PRIMARY KEY, code TEXT UNIQUE, n INT NOT NULL DEFAULT 7, CHECK (n >= 0))
----
CREATE TABLE, commit 2

CREATE TABLE child (id INTEGER PRIMARY KEY, t_id INTEGER REFERENCES t (id) ON DELETE CASCADE ON UPDATE CASCADE)
----
CREATE TABLE, commit 3

INSERT INTO t VALUES (1, 'a', 1), (2, 'b', 2), (3, 'c', 3), (4, NULL, 4)
----
INSERT 4, ids 1 2 3 4, commit 4

INSERT INTO child VALUES (10, 1), (20, 2), (30, 3), (40, 4)
----
INSERT 4, ids 10 20 30 40, commit 5

# OR IGNORE: a row that would break a constraint stays as it was.
UPDATE OR IGNORE t SET code = 'b' WHERE id IN (1, 4) RETURNING id, code
----
UPDATE 0
id | code

UPDATE OR IGNORE t SET n = n - 2 RETURNING id, n
----
UPDATE 3, commit 6
id | n
2 | 0
3 | 1
4 | 2

UPDATE OR IGNORE t SET n = NULL WHERE id = 4
----
UPDATE 0

UPDATE OR IGNORE t SET code = 'same' WHERE code IS NOT NULL RETURNING id
----
UPDATE 1, commit 7
id
1

SELECT * FROM t
----
id | code | n
1 | same | 1
2 | b | 0
3 | c | 1
4 | NULL | 2

# What a value itself is refused for is no constraint.
UPDATE OR IGNORE t SET n = 'x' WHERE id = 1
----
error Value: 'x' is not a valid INTEGER; write a number such as 42 or 1.5

# OR REPLACE: the rows in its way go, and what refers to them with them; NULL becomes the default.
UPDATE OR REPLACE t SET code = 'same' WHERE id = 2 RETURNING *
----
UPDATE 1, commit 8
id | code | n
2 | same | 0

SELECT * FROM t
----
id | code | n
2 | same | 0
3 | c | 1
4 | NULL | 2

SELECT * FROM child
----
id | t_id
20 | 2
30 | 3
40 | 4

UPDATE OR REPLACE t SET id = 3, n = NULL WHERE id = 2
----
UPDATE 1, commit 9

SELECT * FROM t
----
id | code | n
3 | same | 7
4 | NULL | 2

SELECT * FROM child
----
id | t_id
20 | 3
40 | 4

UPDATE OR REPLACE t SET n = -1 WHERE id = 3
----
error Violation: a row of table 't' fails the check 't_check'

# A reference is checked when the statement ends, whatever the words say.
UPDATE OR IGNORE child SET t_id = 99
----
error Violation: table 'child' refers by (t_id) = (99) to a row that 't' lacks: child_t_id_fkey

# Values that subqueries and other tables give, and rows that LIMIT chooses.
UPDATE OR IGNORE t SET code = c.id FROM child c WHERE c.t_id = t.id RETURNING t.id, code
----
UPDATE 2, commit 10
id | code
3 | 20
4 | 40

UPDATE OR IGNORE t SET n = (SELECT max(id) FROM child) RETURNING id, n ORDER BY id LIMIT 1
----
UPDATE 1, commit 11
id | n
3 | 40

WITH w AS (SELECT 5 AS v) UPDATE OR REPLACE t SET n = (SELECT v FROM w) WHERE id = 4 RETURNING id, n
----
UPDATE 1, commit 12
id | n
4 | 5

# OR ABORT is what happens anyway; OR ROLLBACK ends the transaction as well.
BEGIN
----
BEGIN

UPDATE t SET n = 100
----
UPDATE 2

UPDATE OR ABORT t SET id = 3
----
error Violation: table 't' already has a row with (id) = (3): PRIMARY KEY

SELECT n FROM t
----
n
100
100

UPDATE OR ROLLBACK t SET id = 3
----
error Violation: table 't' already has a row with (id) = (3): PRIMARY KEY

SELECT n FROM t
----
n
40
5

COMMIT
----
error Invalid: no transaction is open

UPDATE OR FAIL t SET id = 3
----
error Unsupported: not supported: UPDATE OR FAIL: a statement does all of its work, or nothing

UPDATE OR SOMETHING t SET id = 3
----
error Sql: syntax error: Expected: REPLACE, IGNORE, ABORT, FAIL or ROLLBACK, found: SOMETHING at Line: 1, Column: 11

EXPLAIN UPDATE OR REPLACE t SET n = 1 WHERE id = 3
----
plan
update t
  search t by primary key: 1 key
