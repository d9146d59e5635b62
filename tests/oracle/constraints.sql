CREATE TABLE p (id INTEGER PRIMARY KEY, code TEXT UNIQUE NOT NULL, age INTEGER CHECK (age >= 0), lo INTEGER, hi INTEGER, CHECK (lo < hi));
INSERT INTO p VALUES (1, 'a', 5, 1, 2);
-- error
INSERT INTO p VALUES (2, 'a', 5, 1, 2);
-- error
INSERT INTO p VALUES (2, NULL, 5, 1, 2);
-- error
INSERT INTO p VALUES (2, 'b', -1, 1, 2);
INSERT INTO p VALUES (2, 'b', NULL, NULL, 2);
-- error
INSERT INTO p VALUES (3, 'c', 1, 3, 2);
-- error
UPDATE p SET age = -age WHERE id = 1;
-- error
UPDATE p SET lo = 9 WHERE id = 1;
-- error
UPDATE p SET code = NULL WHERE id = 1;
UPDATE p SET code = code;
SELECT * FROM p ORDER BY id;
CREATE TABLE comp (a INTEGER, b TEXT, v INTEGER, PRIMARY KEY (a, b), UNIQUE (b, v));
INSERT INTO comp VALUES (1, 'x', 1), (1, 'y', 1), (2, 'x', 2);
-- error
INSERT INTO comp VALUES (1, 'x', 9);
-- error
INSERT INTO comp VALUES (3, 'x', 2);
INSERT INTO comp VALUES (3, 'x', NULL), (4, 'x', NULL);
SELECT * FROM comp WHERE a = 1 ORDER BY b;
SELECT * FROM comp WHERE (a, b) = (2, 'x');
SELECT * FROM comp WHERE a IN (1, 3) AND b > 'w' ORDER BY a DESC, b DESC;
SELECT * FROM comp ORDER BY a, b LIMIT 2;
UPDATE comp SET a = a + 10 WHERE b = 'x';
SELECT * FROM comp ORDER BY a, b;
CREATE TABLE kid (id INTEGER PRIMARY KEY, p_id INTEGER REFERENCES p (id) ON DELETE CASCADE);
INSERT INTO kid VALUES (1, 1), (2, 2), (3, NULL), (4, 1);
-- error
INSERT INTO kid VALUES (5, 77);
-- error
UPDATE kid SET p_id = 78 WHERE id = 1;
DELETE FROM p WHERE id = 1;
SELECT * FROM kid ORDER BY id;
CREATE TABLE nul (id INTEGER PRIMARY KEY, p_id INTEGER, FOREIGN KEY (p_id) REFERENCES p (id) ON DELETE SET NULL ON UPDATE CASCADE);
INSERT INTO nul VALUES (1, 2), (2, 2), (3, NULL);
DELETE FROM kid WHERE id = 2;
UPDATE p SET id = 20 WHERE id = 2;
SELECT * FROM nul ORDER BY id;
CREATE TABLE strict (id INTEGER PRIMARY KEY, p_id INTEGER REFERENCES nul (id) ON DELETE RESTRICT);
INSERT INTO strict VALUES (1, 1);
-- error
DELETE FROM nul WHERE id = 1;
DELETE FROM nul WHERE id = 3;
DELETE FROM p WHERE id = 20;
SELECT * FROM nul ORDER BY id;
-- error
DELETE FROM authors WHERE id = 1;
DELETE FROM authors WHERE id = 6;
SELECT count(*) FROM authors;
CREATE TABLE tree (id INTEGER PRIMARY KEY, up INTEGER REFERENCES tree (id) ON DELETE CASCADE);
INSERT INTO tree VALUES (1, NULL), (2, 1), (3, 2), (4, 2), (5, NULL);
DELETE FROM tree WHERE id = 2;
SELECT * FROM tree ORDER BY id;
CREATE UNIQUE INDEX emp_name ON emp (name);
-- error
INSERT INTO emp VALUES (9, 'ann', 1, 'x', 1);
-- error
CREATE UNIQUE INDEX emp_dept ON emp (dept);
CREATE INDEX emp_pay ON emp (dept, pay DESC);
SELECT id FROM emp WHERE dept = 'dev' AND pay >= 300 ORDER BY pay DESC, id;
SELECT id FROM emp WHERE name = 'eve';
CREATE INDEX emp_up ON emp (upper(name));
SELECT id FROM emp WHERE upper(name) = 'FAY';
CREATE INDEX IF NOT EXISTS emp_pay ON emp (pay);
DROP INDEX emp_pay;
-- error
DROP INDEX emp_pay;
DROP INDEX IF EXISTS emp_pay;
CREATE TABLE gen (a INTEGER, b INTEGER, c INTEGER GENERATED ALWAYS AS (a + b) STORED);
INSERT INTO gen (a, b) VALUES (1, 2), (3, NULL);
SELECT * FROM gen ORDER BY a;
UPDATE gen SET b = 10;
SELECT * FROM gen ORDER BY a;
-- error
INSERT INTO gen (a, b, c) VALUES (1, 2, 3);
ALTER TABLE gen ADD COLUMN d TEXT DEFAULT 'dd';
ALTER TABLE p RENAME COLUMN age TO years;
ALTER TABLE comp RENAME TO composite;
ALTER TABLE emp DROP COLUMN boss;
SELECT a, d FROM gen ORDER BY a;
SELECT years FROM p;
SELECT count(*) FROM composite;
-- error
SELECT boss FROM emp;
-- error
SELECT * FROM comp;
CREATE VIEW rich AS SELECT id, name, pay FROM emp WHERE pay > 400;
SELECT * FROM rich ORDER BY id;
SELECT r.name, s.id FROM rich r JOIN sales s ON s.id = r.id ORDER BY s.id;
CREATE VIEW named (x, y) AS SELECT id, name FROM authors;
SELECT y FROM named WHERE x = 2;
DROP VIEW rich;
-- error
SELECT * FROM rich;
DROP VIEW IF EXISTS rich;
CREATE TEMP TABLE tt (x INTEGER);
INSERT INTO tt VALUES (1);
SELECT * FROM tt;
DROP TABLE tt;
-- error
SELECT * FROM tt;
DROP TABLE IF EXISTS tt;
CREATE TABLE untyped (a, b);
INSERT INTO untyped VALUES (1, 'x'), ('y', 2.5), (NULL, NULL);
SELECT a, b, typeof(a), typeof(b) FROM untyped;
