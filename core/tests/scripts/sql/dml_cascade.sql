# Parents that trade their keys trade their children.
CREATE TABLE p (id INTEGER PRIMARY KEY, name TEXT UNIQUE)
----
CREATE TABLE, commit 2

CREATE TABLE c (id INTEGER PRIMARY KEY, p INT REFERENCES p (id) ON UPDATE CASCADE ON DELETE CASCADE, name TEXT REFERENCES p (name) ON UPDATE CASCADE ON DELETE SET NULL)
----
CREATE TABLE, commit 3

INSERT INTO p VALUES (1, 'one'), (2, 'two'), (3, 'three')
----
INSERT 3, ids 1 2 3, commit 4

INSERT INTO c VALUES (10, 1, 'one'), (20, 2, 'two'), (30, 3, 'one')
----
INSERT 3, ids 10 20 30, commit 5

UPDATE p SET id = id - 1
----
UPDATE 3, commit 6

SELECT * FROM c
----
id | p | name
10 | 0 | one
20 | 1 | two
30 | 2 | one

UPDATE p SET id = id + 1
----
UPDATE 3, commit 7

SELECT * FROM c
----
id | p | name
10 | 1 | one
20 | 2 | two
30 | 3 | one

UPDATE p SET id = CASE id WHEN 1 THEN 2 WHEN 2 THEN 1 ELSE id END, name = name || id
----
UPDATE 3, commit 8

SELECT * FROM c
----
id | p | name
10 | 2 | one1
20 | 1 | two2
30 | 3 | one1

# Two parents of one child: one says delete, one says NULL.
DELETE FROM p WHERE id IN (2, 3)
----
DELETE 2, commit 9

SELECT * FROM c
----
id | p | name
20 | 1 | two2

# An upsert is an update to children, too.
INSERT INTO p VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET id = 7, name = 'seven'
----
INSERT 1, commit 10

SELECT * FROM c
----
id | p | name
20 | 7 | seven

# Children whose keys are their references.
CREATE TABLE k (p INT PRIMARY KEY REFERENCES p (id) ON UPDATE CASCADE, v TEXT)
----
CREATE TABLE, commit 11

INSERT INTO p VALUES (1, 'a'), (2, 'b'), (3, 'c')
----
INSERT 3, ids 1 2 3, commit 12

INSERT INTO k VALUES (1, 'of a'), (2, 'of b'), (3, 'of c')
----
INSERT 3, ids 1 2 3, commit 13

UPDATE p SET id = id % 3 + 1 WHERE id < 7
----
UPDATE 3, commit 14

SELECT k.p, v, name FROM k JOIN p ON p.id = k.p
----
p | v | name
1 | of c | c
2 | of a | a
3 | of b | b

# A tree of its own rows.
CREATE TABLE tree (id INTEGER PRIMARY KEY, up INT REFERENCES tree (id) ON DELETE CASCADE ON UPDATE CASCADE)
----
CREATE TABLE, commit 15

INSERT INTO tree VALUES (1, NULL), (2, 1), (3, 2), (4, 1), (5, 5)
----
INSERT 5, ids 1 2 3 4 5, commit 16

UPDATE tree SET id = id + 10
----
UPDATE 5, commit 17

SELECT * FROM tree
----
id | up
11 | NULL
12 | 11
13 | 12
14 | 11
15 | 15

UPDATE tree SET id = 12 - id + 12
----
UPDATE 5, commit 18

SELECT * FROM tree
----
id | up
9 | 9
10 | 13
11 | 12
12 | 13
13 | NULL

DELETE FROM tree WHERE up IS NULL
----
DELETE 1, commit 19

SELECT * FROM tree
----
id | up
9 | 9

DELETE FROM tree
----
DELETE 1, commit 20

SELECT COUNT(*) FROM tree
----
COUNT(*)
0
