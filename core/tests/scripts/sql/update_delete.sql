CREATE TABLE t (id INTEGER PRIMARY KEY, grp INT, v INT, name TEXT)
----
CREATE TABLE, commit 2

CREATE INDEX t_grp ON t (grp, v)
----
CREATE INDEX, commit 3

INSERT INTO t VALUES (1, 1, 10, 'a'), (2, 1, 20, 'b'), (3, 2, 30, 'c'), (4, 2, 40, 'd'), (5, NULL, 50, 'e')
----
INSERT 5, ids 1 2 3 4 5, commit 4

EXPLAIN UPDATE t SET v = v + 1 WHERE id = 3
----
plan
update t
  search t by primary key: 1 key

UPDATE t SET v = v + 1 WHERE id = 3
----
UPDATE 1, commit 5

EXPLAIN UPDATE t SET v = 0 WHERE id IN (1, 2) OR id = 4
----
plan
update t
  search t by primary key: 3 keys, filtered

UPDATE t SET v = 0 WHERE id IN (1, 2) OR id = 4
----
UPDATE 3, commit 6

SELECT * FROM t
----
id | grp | v | name
1 | 1 | 0 | a
2 | 1 | 0 | b
3 | 2 | 31 | c
4 | 2 | 0 | d
5 | NULL | 50 | e

# A whole table moves one key on; nobody meets anybody.
UPDATE t SET id = id + 1
----
UPDATE 5, commit 7

SELECT id, name FROM t
----
id | name
2 | a
3 | b
4 | c
5 | d
6 | e

UPDATE t SET id = 2 WHERE id = 3
----
error Violation: table 't' already has a row with (id) = (2): PRIMARY KEY

UPDATE t AS x SET grp = x.grp * 10, v = DEFAULT WHERE x.grp IS NOT NULL RETURNING id, grp, v
----
UPDATE 4, commit 8
id | grp | v
2 | 10 | NULL
3 | 10 | NULL
4 | 20 | NULL
5 | 20 | NULL

UPDATE t SET nope = 1
----
error NotFound: column 'nope' does not exist

UPDATE t SET v = 1 WHERE nope = 1
----
error NotFound: column 'nope' does not exist

UPDATE t SET v = 1, V = 2
----
error Sql: column 'V' is set twice

UPDATE t SET v = 'x' WHERE id = 2
----
error Value: 'x' is not a valid INTEGER; write a number such as 42 or 1.5

UPDATE t SET v = (SELECT MAX(id) FROM t) WHERE id = (SELECT MIN(id) FROM t)
----
UPDATE 1, commit 9

SELECT * FROM t WHERE id < 4
----
id | grp | v | name
2 | 10 | 6 | a
3 | 10 | NULL | b

UPDATE t SET v = 1 WHERE FALSE
----
UPDATE 0

DELETE FROM t WHERE grp = 10 RETURNING name
----
DELETE 2, commit 10
name
a
b

DELETE FROM t AS d WHERE d.id > 5
----
DELETE 1, commit 11

SELECT * FROM t
----
id | grp | v | name
4 | 20 | NULL | c
5 | 20 | NULL | d

DELETE FROM t
----
DELETE 2, commit 12

SELECT COUNT(*) FROM t
----
COUNT(*)
0

INSERT INTO t (v) VALUES (1), (2), (3)
----
INSERT 3, ids 7 8 9, commit 13

TRUNCATE TABLE t
----
TRUNCATE 3, commit 14

# Ids that were given are not given again.
INSERT INTO t (v) VALUES (1)
----
INSERT 1, ids 10, commit 15
