CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT)
----
CREATE TABLE, commit 2

INSERT INTO t (a) VALUES ('1'), ('2')
----
INSERT 2, ids 1 2, commit 3

ALTER TABLE t ADD COLUMN b INT DEFAULT 7, ADD COLUMN c TEXT
----
ALTER TABLE, commit 4

INSERT INTO t (a) VALUES ('3')
----
INSERT 1, ids 3, commit 5

SELECT * FROM t
----
id | a | b | c
1 | 1 | 7 | NULL
2 | 2 | 7 | NULL
3 | 3 | 7 | NULL

# What old rows show was fixed when the column came.
ALTER TABLE t ALTER COLUMN b SET DEFAULT 8
----
ALTER TABLE, commit 6

INSERT INTO t (a) VALUES ('4')
----
INSERT 1, ids 4, commit 7

SELECT id, b FROM t
----
id | b
1 | 7
2 | 7
3 | 7
4 | 8

ALTER TABLE t ALTER COLUMN b DROP DEFAULT
----
ALTER TABLE, commit 8

ALTER TABLE t ADD COLUMN d INT NOT NULL
----
error Violation: column 'd' of table 't' takes no NULL

ALTER TABLE t ADD COLUMN d INT NOT NULL DEFAULT 0
----
ALTER TABLE, commit 9

ALTER TABLE t RENAME COLUMN c TO see
----
ALTER TABLE, commit 10

ALTER TABLE t RENAME COLUMN see TO B
----
error Exists: column 'B' already exists

SELECT see FROM t WHERE id = 1
----
see
NULL

# A column that is dropped and added again is another one.
ALTER TABLE t DROP COLUMN b
----
ALTER TABLE, commit 11

ALTER TABLE t ADD COLUMN b INT
----
ALTER TABLE, commit 12

SELECT * FROM t
----
id | a | see | d | b
1 | 1 | NULL | 0 | NULL
2 | 2 | NULL | 0 | NULL
3 | 3 | NULL | 0 | NULL
4 | 4 | NULL | 0 | NULL

ALTER TABLE t ALTER COLUMN a TYPE INTEGER
----
ALTER TABLE, commit 13

SELECT a + 1 FROM t
----
a + 1
2
3
4
5

UPDATE t SET see = 'x' WHERE id = 1
----
UPDATE 1, commit 14

ALTER TABLE t ALTER COLUMN see SET DATA TYPE INT
----
error Value: 'x' is not a valid INTEGER; write a number such as 42 or 1.5

ALTER TABLE t ALTER COLUMN see SET NOT NULL
----
error Violation: column 'see' of table 't' takes no NULL

UPDATE t SET see = 'y' WHERE see IS NULL
----
UPDATE 3, commit 15

ALTER TABLE t ALTER COLUMN see SET NOT NULL
----
ALTER TABLE, commit 16

INSERT INTO t (id) VALUES (9)
----
error Violation: column 'see' of table 't' takes no NULL

ALTER TABLE t ALTER COLUMN see DROP NOT NULL
----
ALTER TABLE, commit 17

ALTER TABLE t ADD CONSTRAINT a_small CHECK (a < 4)
----
error Violation: a row of table 't' fails the check 'a_small'

ALTER TABLE t ADD CONSTRAINT a_small CHECK (a < 5)
----
ALTER TABLE, commit 18

INSERT INTO t (a) VALUES (5)
----
error Violation: a row of table 't' fails the check 'a_small'

ALTER TABLE t DROP CONSTRAINT a_small
----
ALTER TABLE, commit 19

ALTER TABLE t ADD CONSTRAINT see_once UNIQUE (see)
----
error Violation: table 't' already has a row with (see) = (y): see_once

ALTER TABLE t ADD UNIQUE (a)
----
ALTER TABLE, commit 20

INSERT INTO t (a) VALUES (4)
----
error Violation: table 't' already has a row with (a) = (4): t_a_key

ALTER TABLE t DROP CONSTRAINT t_a_key
----
ALTER TABLE, commit 21

ALTER TABLE t DROP CONSTRAINT t_a_key
----
error NotFound: index 't_a_key' does not exist

ALTER TABLE t DROP COLUMN id
----
error Invalid: column 'id' is in the primary key

ALTER TABLE t DROP COLUMN nope
----
error NotFound: column 'nope' does not exist

ALTER TABLE t DROP COLUMN IF EXISTS nope
----
ALTER TABLE

ALTER TABLE t RENAME TO u
----
ALTER TABLE, commit 22

SELECT COUNT(*) FROM t
----
error NotFound: table 't' does not exist

SELECT * FROM u
----
id | a | see | d | b
1 | 1 | x | 0 | NULL
2 | 2 | y | 0 | NULL
3 | 3 | y | 0 | NULL
4 | 4 | y | 0 | NULL

# One statement, all or nothing.
ALTER TABLE u ADD COLUMN e INT, ADD COLUMN a INT
----
error Exists: column 'a' already exists

SHOW COLUMNS FROM u
----
column_name | data_type | nullable | default | primary_key
id | INTEGER | false | NULL | true
a | INTEGER | true | NULL | false
see | TEXT | true | NULL | false
d | INTEGER | false | 0 | false
b | INTEGER | true | NULL | false

# Indexes.
CREATE INDEX u_see ON u (see)
----
CREATE INDEX, commit 23

CREATE INDEX u_see ON u (a)
----
error Exists: index 'u_see' already exists

CREATE INDEX IF NOT EXISTS u_see ON u (a)
----
CREATE INDEX

CREATE UNIQUE INDEX u_one ON u (see)
----
error Violation: table 'u' already has a row with (see) = (y): u_one

DROP INDEX u_see
----
DROP INDEX, commit 24

DROP INDEX u_see
----
error NotFound: index 'u_see' does not exist

DROP INDEX IF EXISTS u_see
----
DROP INDEX

CREATE INDEX ON u (nope)
----
error NotFound: column 'nope' does not exist

# A key for a table that had none.
CREATE TABLE k (a INT, b INT)
----
CREATE TABLE, commit 25

INSERT INTO k VALUES (2, 1), (1, 1), (1, 2)
----
INSERT 3, commit 26

ALTER TABLE k ADD PRIMARY KEY (a)
----
error Violation: table 'k' already has a row with (a) = (1): PRIMARY KEY

ALTER TABLE k ADD PRIMARY KEY (a, b)
----
ALTER TABLE, commit 27

SELECT * FROM k
----
a | b
1 | 1
1 | 2
2 | 1

INSERT INTO k VALUES (1, 2)
----
error Violation: table 'k' already has a row with (a, b) = (1, 2): PRIMARY KEY
