CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT UNIQUE, qty INTEGER DEFAULT 7, note TEXT);
INSERT INTO t (id, name) VALUES (1, 'a'), (2, 'b');
INSERT INTO t VALUES (3, 'c', 1, 'n') RETURNING id, name, qty * 2 AS twice;
INSERT INTO t (name) VALUES ('d') RETURNING *;
INSERT INTO t (note, name, id) VALUES ('back', 'e', 10);
INSERT INTO t DEFAULT VALUES RETURNING qty;
DELETE FROM t WHERE name IS NULL RETURNING qty;
SELECT * FROM t ORDER BY id;
-- error
INSERT INTO t (id, name) VALUES (1, 'dup');
-- error
INSERT INTO t (id, name) VALUES (20, 'x'), (20, 'y');
-- error
INSERT INTO t (id, name) VALUES (21, 'a');
-- error
INSERT INTO t (id, name) VALUES (22);
-- error
INSERT INTO t (id, nosuch) VALUES (22, 1);
-- error
INSERT INTO t VALUES (22, 'short');
SELECT count(*) FROM t;
INSERT INTO t (id, name) VALUES (1, 'zz') ON CONFLICT DO NOTHING;
INSERT INTO t (id, name) VALUES (1, 'zz') ON CONFLICT (id) DO NOTHING;
INSERT INTO t (id, name, qty) VALUES (1, 'zz', 5) ON CONFLICT (id) DO UPDATE SET name = excluded.name, qty = t.qty + excluded.qty;
INSERT INTO t (id, name, qty) VALUES (2, 'yy', 5), (30, 'new', 6) ON CONFLICT (id) DO UPDATE SET qty = excluded.qty RETURNING id, name, qty;
INSERT INTO t (id, name) VALUES (31, 'b') ON CONFLICT (name) DO UPDATE SET note = 'hit ' || excluded.id;
INSERT INTO t (id, name, qty) VALUES (2, 'b', 100) ON CONFLICT (id) DO UPDATE SET qty = excluded.qty WHERE t.qty > 50;
-- error
INSERT INTO t (id, name) VALUES (40, 'b') ON CONFLICT (id) DO NOTHING;
SELECT * FROM t ORDER BY id;
INSERT OR IGNORE INTO t (id, name) VALUES (1, 'ig'), (50, 'fifty'), (51, 'b');
INSERT OR REPLACE INTO t (id, name, qty) VALUES (50, 'b', 9);
REPLACE INTO t (id, name) VALUES (3, 'three');
SELECT * FROM t ORDER BY id;
INSERT INTO t (id, name) SELECT id + 100, title FROM books WHERE price = 30.0;
INSERT INTO t (name, id) SELECT name, id + 200 FROM authors WHERE country = 'uk' ORDER BY id;
-- error
INSERT INTO t (id, name) SELECT id, name, 1 FROM authors;
INSERT INTO t SELECT id + 300, 'w' || id, NULL, NULL FROM emp WHERE pay IS NULL RETURNING id;
SELECT id, name, qty FROM t WHERE id >= 100 ORDER BY id;
UPDATE t SET qty = 0 WHERE id >= 100;
UPDATE t SET qty = qty + 1, note = name || '!' WHERE id = 1;
UPDATE t SET (qty, note) = (5, 'five') WHERE id = 3;
UPDATE t SET qty = (SELECT count(*) FROM books) WHERE id = 10;
UPDATE t SET qty = CASE WHEN id > 200 THEN 2 ELSE qty END WHERE id >= 100 RETURNING id, qty;
UPDATE t AS x SET qty = x.qty * 10 WHERE x.id = 3 RETURNING id, qty;
-- error
UPDATE t SET name = 'b' WHERE id = 1;
UPDATE t SET id = id + 1000 WHERE id < 5;
UPDATE t SET qty = qty WHERE 1 = 0;
-- error
UPDATE t SET nosuch = 1;
SELECT * FROM t ORDER BY id;
UPDATE t SET note = b.title FROM books b WHERE b.id + 91 = t.id;
UPDATE t SET note = x.n FROM (SELECT id, name AS n FROM authors) AS x WHERE x.id + 200 = t.id RETURNING t.id, t.note;
UPDATE t SET qty = b.stock + a.id FROM books b JOIN authors a ON a.id = b.author_id WHERE t.name = b.title;
SELECT id, qty, note FROM t ORDER BY id;
DELETE FROM t WHERE id IN (SELECT id + 100 FROM books);
DELETE FROM t WHERE EXISTS (SELECT 1 FROM authors a WHERE a.name = t.name) RETURNING id;
DELETE FROM t AS x WHERE x.id = 10;
-- sqlite: DELETE FROM t WHERE id IN (SELECT id + 300 FROM emp);
DELETE FROM t USING emp e WHERE t.id = e.id + 300;
SELECT count(*) FROM t;
DELETE FROM t WHERE qty > 1000;
DELETE FROM t;
SELECT count(*), max(id) FROM t;
CREATE TABLE seq (id INTEGER PRIMARY KEY AUTOINCREMENT, v TEXT);
INSERT INTO seq (v) VALUES ('one'), ('two');
INSERT INTO seq VALUES (NULL, 'three');
INSERT INTO seq VALUES (10, 'ten');
INSERT INTO seq (v) VALUES ('eleven') RETURNING id;
SELECT * FROM seq ORDER BY id;
CREATE TABLE copy AS SELECT id, name FROM authors WHERE id < 4;
SELECT * FROM copy ORDER BY id;
CREATE TABLE IF NOT EXISTS copy (z INTEGER);
-- error
CREATE TABLE copy (z INTEGER);
INSERT INTO copy SELECT * FROM copy;
SELECT count(*) FROM copy;
UPDATE copy SET name = upper(name) WHERE id = 1;
SELECT id, name FROM copy ORDER BY id, name;
BEGIN;
DELETE FROM copy;
SELECT count(*) FROM copy;
ROLLBACK;
SELECT count(*) FROM copy;
BEGIN;
UPDATE copy SET id = 9 WHERE id = 1;
SAVEPOINT s;
DELETE FROM copy WHERE id = 9;
ROLLBACK TO s;
RELEASE s;
COMMIT;
SELECT id, count(*) FROM copy GROUP BY id ORDER BY id;
CREATE TABLE fl (id INTEGER PRIMARY KEY, x REAL, d DECIMAL(8, 2));
INSERT INTO fl VALUES (1, 0.3, 0.3), (2, 0.1, 2.55), (3, 2.55, 0.1), (4, 0.25, NULL), (5, NULL, 0.3);
DELETE FROM fl WHERE x IN (SELECT d FROM fl WHERE id = 1);
SELECT id FROM fl ORDER BY id;
UPDATE fl SET x = 9 WHERE d IN (SELECT x FROM fl WHERE id = 2);
SELECT id, x FROM fl ORDER BY id;
DELETE FROM fl WHERE d = (SELECT max(x) FROM fl WHERE x < 1);
SELECT id FROM fl ORDER BY id;
