CREATE TABLE p (id INTEGER PRIMARY KEY, code VARCHAR(5) NOT NULL UNIQUE, CHECK (LENGTH(code) > 1))
----
CREATE TABLE, commit 2

CREATE TABLE c (id INTEGER PRIMARY KEY, p_id INT REFERENCES p, code TEXT, qty INT CHECK (qty > 0), CONSTRAINT c_code FOREIGN KEY (code) REFERENCES p (code))
----
CREATE TABLE, commit 3

INSERT INTO p VALUES (1, 'aa'), (2, 'bb'), (3, 'cc')
----
INSERT 3, ids 1 2 3, commit 4

INSERT INTO p VALUES (4, NULL)
----
error Violation: column 'code' of table 'p' takes no NULL

INSERT INTO p VALUES (4, 'aa')
----
error Violation: table 'p' already has a row with (code) = (aa): p_code_key

INSERT INTO p VALUES (4, 'd')
----
error Violation: a row of table 'p' fails the check 'p_check'

INSERT INTO c VALUES (1, 1, 'aa', 1), (2, NULL, NULL, NULL)
----
INSERT 2, ids 1 2, commit 5

INSERT INTO c VALUES (3, 9, NULL, 1)
----
error Violation: table 'c' refers by (p_id) = (9) to a row that 'p' lacks: c_p_id_fkey

INSERT INTO c VALUES (3, NULL, 'zz', 1)
----
error Violation: table 'c' refers by (code) = (zz) to a row that 'p' lacks: c_code

INSERT INTO c VALUES (3, 1, NULL, 0)
----
error Violation: a row of table 'c' fails the check 'c_qty_check'

UPDATE c SET p_id = 7 WHERE id = 1
----
error Violation: table 'c' refers by (p_id) = (7) to a row that 'p' lacks: c_p_id_fkey

DELETE FROM p WHERE id = 1
----
error Violation: table 'c' still refers to row (1) of 'p': c_p_id_fkey

UPDATE p SET id = 10 WHERE id = 1
----
error Violation: table 'c' still refers to row (1) of 'p': c_p_id_fkey

UPDATE p SET code = 'xx' WHERE id = 1
----
error Violation: table 'c' still refers to row (aa) of 'p': c_code

DELETE FROM p WHERE id = 3
----
DELETE 1, commit 6

DROP TABLE p
----
error Invalid: table 'p' is referred to by 'c' (c_p_id_fkey): drop that first

# A statement may swap unique values; only its end counts.
UPDATE p SET code = CASE id WHEN 1 THEN 'aa' ELSE 'bb' END
----
UPDATE 2

UPDATE c SET code = NULL
----
UPDATE 2, commit 7

UPDATE p SET code = CASE code WHEN 'aa' THEN 'bb' ELSE 'aa' END
----
UPDATE 2, commit 8

SELECT * FROM p
----
id | code
1 | bb
2 | aa

# CASCADE and SET NULL, through a chain and through a cycle.
CREATE TABLE a (id INTEGER PRIMARY KEY, up INT REFERENCES a (id) ON DELETE CASCADE ON UPDATE CASCADE)
----
CREATE TABLE, commit 9

CREATE TABLE b (id INTEGER PRIMARY KEY, a_id INT REFERENCES a ON DELETE SET NULL ON UPDATE CASCADE, note TEXT)
----
CREATE TABLE, commit 10

INSERT INTO a VALUES (1, NULL), (2, 1), (3, 2), (4, 4)
----
INSERT 4, ids 1 2 3 4, commit 11

INSERT INTO b VALUES (1, 3, 'three'), (2, 4, 'four')
----
INSERT 2, ids 1 2, commit 12

UPDATE a SET id = 20 WHERE id = 2
----
UPDATE 1, commit 13

SELECT * FROM a
----
id | up
1 | NULL
3 | 20
4 | 4
20 | 1

DELETE FROM a WHERE id = 1
----
DELETE 1, commit 14

SELECT * FROM a
----
id | up
4 | 4

SELECT * FROM b
----
id | a_id | note
1 | NULL | three
2 | 4 | four

DELETE FROM a WHERE id = 4
----
DELETE 1, commit 15

SELECT * FROM b
----
id | a_id | note
1 | NULL | three
2 | NULL | four

TRUNCATE p
----
error Invalid: table 'p' is referred to by rows of 'c'

# What a foreign key may not refer to.
CREATE TABLE bad (x INT REFERENCES c (qty))
----
error Invalid: foreign key 'bad_x_fkey' must refer to the primary key or a unique index of 'c'

CREATE TABLE bad (x TEXT REFERENCES a)
----
error Invalid: column 'x' (TEXT) cannot refer to 'id' (INTEGER)

CREATE TABLE bad (x INT, y INT, FOREIGN KEY (x, y) REFERENCES a)
----
error Sql: syntax error: Expected: a list of columns in parentheses, found: ) at Line: 1, Column: 64

CREATE TABLE bad (x INT REFERENCES nothing)
----
error NotFound: table 'nothing' does not exist
