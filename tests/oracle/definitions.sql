-- Generated columns, changes of tables, chains of foreign keys, columns without a type.
CREATE TABLE v (id INTEGER PRIMARY KEY, a INTEGER, b INTEGER, s INTEGER GENERATED ALWAYS AS (a + b) STORED, p INTEGER AS (a * b) VIRTUAL, t TEXT AS (upper(n)), n TEXT);
INSERT INTO v (id, a, b, n) VALUES (1, 2, 3, 'x'), (2, NULL, 4, 'y'), (3, 5, 6, NULL);
SELECT * FROM v ORDER BY id;
SELECT id FROM v WHERE s > 4 ORDER BY p DESC;
UPDATE v SET a = a + 1 WHERE id = 1 RETURNING s, p;
UPDATE v SET n = 'changed', b = 10 WHERE id = 2;
SELECT id, s, p, t FROM v ORDER BY id;
CREATE INDEX v_s ON v (s);
CREATE INDEX v_p ON v (p DESC);
SELECT id FROM v WHERE s = 11;
SELECT id FROM v WHERE p BETWEEN 5 AND 40 ORDER BY id;
UPDATE v SET b = 100 WHERE s = 11;
SELECT id, s, p FROM v WHERE s = 105;
SELECT id FROM v WHERE s = 11;
DELETE FROM v WHERE p = 500;
SELECT count(*), sum(s), max(p) FROM v;
-- error
INSERT INTO v (id, a, b, s) VALUES (9, 1, 1, 1);
-- error
UPDATE v SET s = 1;
INSERT INTO v (id, a) VALUES (4, 7) ON CONFLICT (id) DO UPDATE SET a = excluded.a;
INSERT INTO v (id, a, b) VALUES (4, 8, 9) ON CONFLICT (id) DO UPDATE SET a = excluded.a, b = excluded.b RETURNING s, p;
INSERT OR REPLACE INTO v (id, a, b) VALUES (4, 1, 1);
SELECT s, count(*) FROM v GROUP BY s ORDER BY s;
CREATE TABLE vu (id INTEGER PRIMARY KEY, mail TEXT, low TEXT AS (lower(mail)) STORED UNIQUE, CHECK (low <> 'no'));
INSERT INTO vu (id, mail) VALUES (1, 'A@x');
-- error
INSERT INTO vu (id, mail) VALUES (2, 'a@X');
-- error
INSERT INTO vu (id, mail) VALUES (2, 'No');
INSERT INTO vu (id, mail) VALUES (2, NULL), (3, NULL);
SELECT * FROM vu ORDER BY id;
-- error
CREATE TABLE loop1 (a INTEGER AS (b), b INTEGER AS (a));
-- error
CREATE TABLE loop2 (a INTEGER AS (a + 1), b INTEGER);
CREATE TABLE al (id INTEGER PRIMARY KEY, a TEXT);
INSERT INTO al VALUES (1, 'one'), (2, 'two');
ALTER TABLE al ADD COLUMN b INTEGER;
ALTER TABLE al ADD COLUMN c INTEGER NOT NULL DEFAULT 5;
ALTER TABLE al ADD d TEXT DEFAULT 'dee';
SELECT * FROM al ORDER BY id;
INSERT INTO al (id, b) VALUES (3, 30);
UPDATE al SET c = c + id;
SELECT * FROM al ORDER BY id;
-- error
ALTER TABLE al ADD COLUMN b INTEGER;
-- error
ALTER TABLE al ADD COLUMN e INTEGER NOT NULL;
ALTER TABLE al RENAME COLUMN b TO bb;
SELECT bb FROM al ORDER BY id;
-- error
SELECT b FROM al;
-- error
ALTER TABLE al RENAME COLUMN nosuch TO x;
-- error
ALTER TABLE al RENAME COLUMN a TO c;
ALTER TABLE al DROP COLUMN d;
SELECT * FROM al ORDER BY id;
-- error
ALTER TABLE al DROP COLUMN id;
-- error
ALTER TABLE al DROP COLUMN nosuch;
CREATE INDEX al_a ON al (a);
ALTER TABLE al RENAME COLUMN a TO word;
SELECT id FROM al WHERE word = 'two';
ALTER TABLE al RENAME TO renamed;
SELECT id FROM renamed WHERE word = 'one';
-- error
SELECT * FROM al;
-- error
ALTER TABLE renamed RENAME TO v;
INSERT INTO renamed (id, word) VALUES (4, 'four');
SELECT * FROM renamed ORDER BY id;
CREATE VIEW over AS SELECT id, word FROM renamed WHERE id > 1;
SELECT * FROM over ORDER BY id;
INSERT INTO renamed (id, word) VALUES (5, 'five');
SELECT count(*) FROM over;
DROP VIEW over;
CREATE TABLE fa (id INTEGER PRIMARY KEY);
CREATE TABLE fb (id INTEGER PRIMARY KEY, fa INTEGER REFERENCES fa (id) ON DELETE CASCADE ON UPDATE CASCADE);
CREATE TABLE fc (id INTEGER PRIMARY KEY, fb INTEGER REFERENCES fb (id) ON DELETE CASCADE);
CREATE TABLE fd (id INTEGER PRIMARY KEY, fc INTEGER REFERENCES fc (id) ON DELETE SET NULL);
CREATE TABLE fe (id INTEGER PRIMARY KEY, fa INTEGER NOT NULL REFERENCES fa (id) ON DELETE NO ACTION);
INSERT INTO fa VALUES (1), (2), (3);
INSERT INTO fb VALUES (10, 1), (11, 1), (20, 2), (30, NULL);
INSERT INTO fc VALUES (100, 10), (110, 11), (200, 20), (300, 30);
INSERT INTO fd VALUES (1000, 100), (1001, 100), (2000, 200), (3000, NULL);
INSERT INTO fe VALUES (1, 3);
UPDATE fa SET id = 7 WHERE id = 2;
SELECT * FROM fb ORDER BY id;
DELETE FROM fa WHERE id = 1;
SELECT * FROM fb ORDER BY id;
SELECT * FROM fc ORDER BY id;
SELECT * FROM fd ORDER BY id;
-- error
DELETE FROM fa WHERE id = 3;
-- error
DELETE FROM fa;
SELECT count(*) FROM fa;
DELETE FROM fb WHERE fa = 7;
SELECT * FROM fc ORDER BY id;
SELECT * FROM fd ORDER BY id;
-- error
UPDATE fc SET fb = 999;
-- error
DROP TABLE fa;
UPDATE fe SET fa = 7;
DELETE FROM fa WHERE id = 3;
SELECT * FROM fa ORDER BY id;
CREATE TABLE cp (a INTEGER, b INTEGER, PRIMARY KEY (a, b));
CREATE TABLE cc (id INTEGER PRIMARY KEY, a INTEGER, b INTEGER, FOREIGN KEY (a, b) REFERENCES cp (a, b) ON UPDATE CASCADE ON DELETE SET NULL);
INSERT INTO cp VALUES (1, 1), (1, 2), (2, 1);
INSERT INTO cc VALUES (1, 1, 1), (2, 1, 2), (3, 1, NULL), (4, NULL, 9), (5, 1, 2);
-- error
INSERT INTO cc VALUES (6, 2, 2);
UPDATE cp SET b = b + 10 WHERE a = 1;
SELECT * FROM cc ORDER BY id;
DELETE FROM cp WHERE b = 12;
SELECT * FROM cc ORDER BY id;
CREATE TABLE selfish (id INTEGER PRIMARY KEY, up INTEGER REFERENCES selfish (id) ON DELETE SET NULL);
INSERT INTO selfish VALUES (1, 1), (2, 1), (3, 2);
INSERT INTO selfish VALUES (5, 4), (4, 5);
DELETE FROM selfish WHERE id IN (1, 4);
SELECT * FROM selfish ORDER BY id;
CREATE TABLE loose (a, b, c INTEGER);
INSERT INTO loose VALUES (1, 'x', 1), ('1', x'01', 2), (NULL, 3, 3), (2.5, 'X', 4), ('abc', 0, 5);
SELECT a, typeof(a) = 'text', b FROM loose ORDER BY c;
SELECT c FROM loose WHERE a = 1 ORDER BY c;
SELECT c FROM loose WHERE a = 'abc';
SELECT c FROM loose WHERE a IS NULL;
SELECT c FROM loose WHERE a IN (1, 'abc') ORDER BY c;
SELECT c FROM loose WHERE b = 3;
SELECT c FROM loose ORDER BY a, c;
SELECT c FROM loose WHERE a > 1 ORDER BY c;
UPDATE loose SET b = a WHERE c > 3;
SELECT a, count(*) FROM loose GROUP BY a ORDER BY a;
SELECT DISTINCT b FROM loose ORDER BY b;
CREATE INDEX loose_a ON loose (a);
SELECT c FROM loose WHERE a = 2.5;
SELECT c FROM loose WHERE a = 'abc';
DELETE FROM loose WHERE a = 'abc';
SELECT count(*) FROM loose;
CREATE TABLE made AS SELECT a.id AS aid, a.name, count(b.id) AS books, sum(b.price) AS worth FROM authors a LEFT JOIN books b ON b.author_id = a.id GROUP BY a.id, a.name;
SELECT * FROM made ORDER BY aid;
CREATE TABLE IF NOT EXISTS made AS SELECT 1 AS one;
SELECT count(*) FROM made;
CREATE UNIQUE INDEX made_name ON made (name);
-- error
INSERT INTO made VALUES (9, 'ada', 0, 0);
CREATE TABLE named (a INTEGER CONSTRAINT positive CHECK (a > 0), b INTEGER, CONSTRAINT pk PRIMARY KEY (a), CONSTRAINT uq UNIQUE (b), CONSTRAINT rel CHECK (b IS NULL OR b > a));
INSERT INTO named VALUES (1, 2), (2, NULL), (3, NULL);
-- error
INSERT INTO named VALUES (0, 5);
-- error
INSERT INTO named VALUES (4, 2);
-- error
INSERT INTO named VALUES (5, 5);
-- error
INSERT INTO named VALUES (1, 7);
BEGIN;
CREATE TABLE gone (x INTEGER);
INSERT INTO gone VALUES (1);
ALTER TABLE named ADD COLUMN z INTEGER DEFAULT 3;
SELECT sum(z) FROM named;
DROP TABLE made;
ROLLBACK;
-- error
SELECT * FROM gone;
-- error
SELECT z FROM named;
SELECT count(*) FROM made;
DROP TABLE IF EXISTS nosuch;
-- error
DROP TABLE nosuch;
DROP TABLE made;
-- error
SELECT * FROM made;
