# Columns that are computed from others, stored with the row.

CREATE TABLE line (id INTEGER PRIMARY KEY, total DECIMAL(10,2) GENERATED ALWAYS AS (price * qty) STORED, price DECIMAL(10,2), qty INT, label TEXT AS (lower(name)) VIRTUAL UNIQUE, name TEXT)
----
CREATE TABLE, commit 2

INSERT INTO line (price, qty, name) VALUES (1.5, 2, 'Pen'), (10, 3, 'Ink') RETURNING *
----
INSERT 2, ids 1 2, commit 3
id | total | price | qty | label | name
1 | 3 | 1.5 | 2 | pen | Pen
2 | 30 | 10 | 3 | ink | Ink

# All other columns in order, or DEFAULT in their places.
INSERT INTO line VALUES (7, 2, 2, 'Pad')
----
INSERT 1, ids 7, commit 4

INSERT INTO line VALUES (8, DEFAULT, 3, 3, DEFAULT, 'Cap')
----
INSERT 1, ids 8, commit 5

INSERT INTO line SELECT 9, 4, 4, 'Map'
----
INSERT 1, ids 9, commit 6

SELECT * FROM line
----
id | total | price | qty | label | name
1 | 3 | 1.5 | 2 | pen | Pen
2 | 30 | 10 | 3 | ink | Ink
7 | 4 | 2 | 2 | pad | Pad
8 | 9 | 3 | 3 | cap | Cap
9 | 16 | 4 | 4 | map | Map

INSERT INTO line (total, price) VALUES (1, 1)
----
error Invalid: column 'total' is generated: it takes no value but DEFAULT

INSERT INTO line (name) VALUES ('PEN')
----
error Violation: table 'line' already has a row with (label) = (pen): line_label_key

UPDATE line SET qty = qty + 1 WHERE id = 1 RETURNING total
----
UPDATE 1, commit 7
total
4.5

UPDATE line SET total = 5
----
error Invalid: column 'total' is generated: it takes no value but DEFAULT

UPDATE line SET total = DEFAULT, name = NULL WHERE id = 1 RETURNING total, label
----
UPDATE 1, commit 8
total | label
4.5 | NULL

INSERT INTO line (id, price, qty) VALUES (7, 5, 5) ON CONFLICT (id) DO UPDATE SET qty = 100 RETURNING total
----
INSERT 1, commit 9
total
200

SELECT id FROM line WHERE label = 'ink'
----
id
2

CREATE INDEX line_total ON line (total)
----
CREATE INDEX, commit 10

SELECT id FROM line WHERE total > 20 ORDER BY total
----
id
2
7

# What they are computed from keeps its type and stays.
ALTER TABLE line DROP COLUMN qty
----
error Invalid: column 'qty' is what 'total' is generated from: drop that first

ALTER TABLE line ALTER COLUMN name TYPE INTEGER
----
error Invalid: column 'name' keeps its type: 'label' is computed from it; drop that first

ALTER TABLE line RENAME COLUMN qty TO number
----
ALTER TABLE, commit 11

UPDATE line SET number = 1 WHERE id = 2 RETURNING total
----
UPDATE 1, commit 12
total
10

ALTER TABLE line ADD COLUMN twice INT AS (number * 2), ADD COLUMN note TEXT DEFAULT 'n'
----
ALTER TABLE, commit 13

SELECT id, number, twice, note FROM line
----
id | number | twice | note
1 | 3 | 6 | n
2 | 1 | 2 | n
7 | 100 | 200 | n
8 | 3 | 6 | n
9 | 4 | 8 | n

ALTER TABLE line ALTER COLUMN twice SET DEFAULT 1
----
error Invalid: a generated column has no other value

ALTER TABLE line DROP COLUMN number CASCADE
----
ALTER TABLE, commit 14

SELECT * FROM line
----
id | price | label | name | note
1 | 1.5 | NULL | NULL | n
2 | 10 | ink | Ink | n
7 | 2 | pad | Pad | n
8 | 3 | cap | Cap | n
9 | 4 | map | Map | n

# What cannot be.
CREATE TABLE g (a INT, b INT AS (a + 1), c INT AS (b + 1))
----
error Invalid: column 'b' does not exist among the columns that a generated column is computed from

CREATE TABLE g (a INT, b INT AS (random()))
----
error Invalid: a generated column may not depend on when it runs

CREATE TABLE g (a INT, b INT AS (a) DEFAULT 1)
----
error Invalid: a generated column has no other value

CREATE TABLE g (a INT, b INT AS (a) PRIMARY KEY)
----
error Unsupported: not supported: a generated column in a primary key

CREATE TABLE g (a INT, b INT AS (nope))
----
error Invalid: column 'nope' does not exist among the columns that a generated column is computed from

CREATE TABLE g (a INT, b INT AS (10 / a) NOT NULL)
----
CREATE TABLE, commit 15

INSERT INTO g (a) VALUES (0)
----
error Value: division by zero; guard it with NULLIF(divisor, 0)

INSERT INTO g (a) VALUES (NULL)
----
error Violation: column 'b' of table 'g' takes no NULL

SELECT sql FROM sqlite_master WHERE name = 'g'
----
sql
CREATE TABLE g (a INTEGER, b INTEGER NOT NULL GENERATED ALWAYS AS (10 / a) STORED)

# Both branches change what one column is computed from: it follows both.
CREATE TABLE r (id INT PRIMARY KEY, a INT, b INT, s INT AS (a + b))
----
CREATE TABLE, commit 16

INSERT INTO r VALUES (1, 1, 1), (2, 1, 1), (3, 1, 1)
----
INSERT 3, ids 1 2 3, commit 17

@branch create other from main
----
branch other at 17

UPDATE r SET b = 20 WHERE id < 3
----
UPDATE 2, commit 18

INSERT INTO r VALUES (4, 4, 4)
----
INSERT 1, ids 4, commit 19

@branch use other

UPDATE r SET a = 10 WHERE id = 1
----
UPDATE 1, commit 18

UPDATE r SET b = 30 WHERE id = 2
----
UPDATE 1, commit 19

INSERT INTO r VALUES (4, 4, 4)
----
INSERT 1, ids 4, commit 20

@merge other into main manual
----
error Conflicts: 1 conflicts must be resolved
  r.b row 2: update_update: base 1, source 30, target 20

@merge other into main source_wins
----
merged 2 rows, 1 conflicts settled, commit 20

@branch use main

SELECT * FROM r
----
id | a | b | s
1 | 10 | 20 | 30
2 | 1 | 30 | 31
3 | 1 | 1 | 2
4 | 4 | 4 | 8

# A generated column that one branch adds is computed for the other's rows.
@branch create wide from main
----
branch wide at 20

INSERT INTO r VALUES (5, 5, 5)
----
INSERT 1, ids 5, commit 21

@branch use wide

ALTER TABLE r ADD COLUMN p INT AS (a * b)
----
ALTER TABLE, commit 21

@merge wide into main manual
----
merged 0 rows, 0 conflicts settled, commit 22

@branch use main

SELECT * FROM r
----
id | a | b | s | p
1 | 10 | 20 | 30 | 200
2 | 1 | 30 | 31 | 30
3 | 1 | 1 | 2 | 1
4 | 4 | 4 | 8 | 16
5 | 5 | 5 | 10 | 25
