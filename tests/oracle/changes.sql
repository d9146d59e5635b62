-- UPDATE and DELETE that read other tables, rows of values, what INSERT OR … does with its conflicts.
CREATE TABLE g (id INTEGER PRIMARY KEY, k INTEGER, v TEXT, UNIQUE (k));
INSERT INTO g VALUES (1, 10, 'a'), (2, 20, 'b'), (3, 30, 'c'), (4, NULL, 'd'), (5, NULL, NULL);
CREATE TABLE src (k INTEGER, v TEXT, w INTEGER);
INSERT INTO src VALUES (10, 'ten', 1), (20, 'twenty', 2), (40, 'forty', 4), (NULL, 'none', 0);
UPDATE g SET v = s.v FROM src s WHERE s.k = g.k;
SELECT * FROM g ORDER BY id;
UPDATE g SET v = src.v || src.w FROM src WHERE src.k = g.k AND src.w > 1;
UPDATE g AS x SET v = y.v FROM g AS y WHERE y.id = x.id + 1;
SELECT * FROM g ORDER BY id;
UPDATE g SET v = a.name FROM authors a LEFT JOIN books b ON b.author_id = a.id AND b.price > 40 WHERE a.id = g.id AND b.id IS NOT NULL;
SELECT * FROM g ORDER BY id;
UPDATE g SET v = a.name FROM authors a, books b WHERE b.author_id = a.id AND b.id = 16 AND g.id = a.id RETURNING id, v;
UPDATE g SET (k, v) = (SELECT s.k + 1, s.v FROM src s WHERE s.k = g.k) WHERE k IN (SELECT k FROM src);
SELECT * FROM g ORDER BY id;
UPDATE g SET (k, v) = (k + 1, v || '+') WHERE k IS NOT NULL;
UPDATE g SET (v) = ('one') WHERE id = 5;
SELECT * FROM g ORDER BY id;
UPDATE g SET k = x.n FROM (SELECT count(*) AS n FROM src) AS x WHERE g.id = 1;
-- sqlite: UPDATE g SET v = x.v FROM (SELECT 2 AS id, 'two' AS v UNION ALL SELECT 3, 'three') AS x WHERE x.id = g.id;
UPDATE g SET v = x.v FROM (VALUES (2, 'two'), (3, 'three')) AS x(id, v) WHERE x.id = g.id;
UPDATE g SET v = x.w FROM (SELECT 4 AS n, 'four' AS w) AS x WHERE x.n = g.id RETURNING g.id, v;
WITH w AS (SELECT k, v FROM src WHERE w = 4) UPDATE g SET v = w.v FROM w WHERE g.id = 4;
UPDATE g SET v = 'never' FROM src WHERE 1 = 0;
SELECT * FROM g ORDER BY id;
-- error
UPDATE g SET v = nosuch.v FROM src WHERE src.k = g.k;
-- error
UPDATE g SET v = 'x' FROM nosuch WHERE nosuch.k = g.k;
-- error
UPDATE g SET (k, v) = (1, 2, 3);
-- error
UPDATE g SET (k, v) = (SELECT 1);
-- error
UPDATE g SET k = 77 WHERE id IN (2, 3);
SELECT * FROM g ORDER BY id;
UPDATE g SET v = (SELECT max(s.v) FROM src s WHERE s.w = g.id);
UPDATE g SET k = (SELECT count(*) FROM g h WHERE h.id < g.id) * 100;
SELECT * FROM g ORDER BY id;
UPDATE g SET v = (SELECT name FROM authors WHERE authors.id = g.id) WHERE EXISTS (SELECT 1 FROM books b WHERE b.author_id = g.id);
UPDATE g SET v = upper(v) WHERE k > (SELECT avg(k) FROM g);
UPDATE g SET v = 'none' WHERE id NOT IN (SELECT w FROM src WHERE w IS NOT NULL);
UPDATE g SET v = 'low' WHERE (SELECT count(*) FROM g h WHERE h.k < g.k) = 0;
SELECT * FROM g ORDER BY id;
UPDATE g SET id = id + 10;
SELECT * FROM g ORDER BY id;
UPDATE g SET id = id - 10, k = k + 1;
SELECT * FROM g ORDER BY id;
UPDATE g SET k = k + 1000;
UPDATE g SET k = k - 900;
UPDATE g SET id = -id WHERE id IN (1, 2) RETURNING id, k;
UPDATE g SET id = abs(id) WHERE id < 0;
SELECT * FROM g ORDER BY id;
UPDATE OR IGNORE g SET k = 201 WHERE id IN (1, 2, 3);
SELECT * FROM g ORDER BY id;
UPDATE OR REPLACE g SET k = 501 WHERE id = 1;
SELECT * FROM g ORDER BY id;
DELETE FROM g WHERE id = (SELECT max(id) FROM g);
DELETE FROM g WHERE k < (SELECT avg(k) FROM g h WHERE h.id <> g.id) RETURNING id;
SELECT * FROM g ORDER BY id;
DELETE FROM g WHERE NOT EXISTS (SELECT 1 FROM src WHERE src.w = g.id);
SELECT count(*) FROM g;
INSERT INTO g VALUES (11, 1, 'p'), (12, 2, 'q'), (13, 3, 'r'), (14, NULL, 's');
-- sqlite: DELETE FROM g WHERE k IN (SELECT w FROM src WHERE v LIKE 't%');
DELETE FROM g USING src WHERE src.w = g.k AND src.v LIKE 't%';
-- sqlite: DELETE FROM g AS x WHERE EXISTS (SELECT 1 FROM g y WHERE y.id = x.id + 1) RETURNING id;
DELETE FROM g AS x USING g AS y WHERE y.id = x.id + 1 RETURNING x.id;
SELECT * FROM g ORDER BY id;
WITH d AS (SELECT 14 AS id) DELETE FROM g WHERE id IN (SELECT id FROM d) RETURNING *;
SELECT count(*) FROM g;
SELECT * FROM g ORDER BY id;
DELETE FROM g;
INSERT INTO g VALUES (1, 10, 'a'), (2, 20, 'b'), (3, 30, 'c');
INSERT OR IGNORE INTO g VALUES (1, 11, 'x'), (4, 20, 'x'), (5, 50, 'e');
SELECT * FROM g ORDER BY id;
INSERT OR IGNORE INTO g SELECT id, k, 'again' FROM g;
INSERT OR REPLACE INTO g VALUES (1, 20, 'both');
SELECT * FROM g ORDER BY id;
INSERT OR REPLACE INTO g (id, v) VALUES (3, 'bare'), (3, 'twice');
SELECT * FROM g ORDER BY id;
REPLACE INTO g VALUES (6, 50, 'moved') RETURNING *;
REPLACE INTO g SELECT id, k, v || '!' FROM g;
SELECT * FROM g ORDER BY id;
-- error
INSERT OR ABORT INTO g VALUES (7, 70, 'x'), (1, 80, 'y');
-- error
INSERT OR FAIL INTO g VALUES (1, 80, 'y');
SELECT count(*) FROM g;
INSERT INTO g VALUES (1, 99, 'up') ON CONFLICT (id) DO UPDATE SET v = excluded.v || g.v, k = (SELECT max(k) + 1 FROM g) RETURNING *;
INSERT INTO g VALUES (8, 50, 'by k') ON CONFLICT (k) DO UPDATE SET v = excluded.v WHERE excluded.v <> g.v;
INSERT INTO g VALUES (8, 50, 'any'), (9, 90, 'new') ON CONFLICT DO NOTHING RETURNING id;
INSERT INTO g VALUES (3, 91, 'r') ON CONFLICT (id) DO UPDATE SET (k, v) = (excluded.k, 'row');
INSERT INTO g SELECT w, w * 1000, v FROM src WHERE true ON CONFLICT (id) DO UPDATE SET v = 'met ' || excluded.v;
SELECT * FROM g ORDER BY id;
INSERT INTO g VALUES (1, 1, 'x') ON CONFLICT (id) DO UPDATE SET v = 'first' ON CONFLICT (k) DO NOTHING;
-- error
INSERT INTO g VALUES (1, 1, 'x') ON CONFLICT (v) DO NOTHING;
-- error
INSERT INTO g VALUES (100, 1000000, 'x'), (100, 1000001, 'y');
SELECT * FROM g ORDER BY id;
CREATE TABLE dd (id INTEGER PRIMARY KEY, a TEXT DEFAULT 'x', b INTEGER DEFAULT (1 + 2), c INTEGER NOT NULL DEFAULT 0);
INSERT INTO dd DEFAULT VALUES;
INSERT INTO dd (b) VALUES (NULL) RETURNING *;
-- error
INSERT INTO dd (c) VALUES (NULL);
INSERT OR REPLACE INTO dd (id, c) VALUES (1, 5);
SELECT * FROM dd ORDER BY id;
CREATE TABLE rowed (a INTEGER, b TEXT, c INTEGER, PRIMARY KEY (a, b));
INSERT INTO rowed VALUES (1, 'x', 1), (1, 'y', 2), (2, 'x', 3), (2, 'y', NULL);
INSERT INTO rowed VALUES (1, 'x', 10), (3, 'z', 30) ON CONFLICT (a, b) DO UPDATE SET c = rowed.c + excluded.c;
INSERT OR REPLACE INTO rowed VALUES (1, 'y', 20);
SELECT * FROM rowed ORDER BY a, b;
UPDATE rowed SET (a, b) = (b, a) WHERE c = -1;
UPDATE rowed SET c = s.w FROM src s WHERE s.w = rowed.a AND rowed.b = 'x' RETURNING a, b, rowed.c;
UPDATE rowed SET a = a + 1, b = b || a WHERE a < 3;
SELECT * FROM rowed ORDER BY a, b;
DELETE FROM rowed WHERE a = 3 AND b IN ('x2', 'z') RETURNING b;
SELECT * FROM rowed ORDER BY a, b;
CREATE TABLE orr (id INTEGER PRIMARY KEY, k INTEGER UNIQUE, n INTEGER NOT NULL DEFAULT 7, v TEXT CHECK (v <> 'bad'));
INSERT INTO orr VALUES (1, 10, 1, 'a'), (2, 20, 2, 'b'), (3, 30, 3, 'c'), (4, 40, 4, 'd'), (5, NULL, 5, 'e');
UPDATE OR IGNORE orr SET k = k + 10 WHERE k IS NOT NULL;
SELECT * FROM orr ORDER BY id;
UPDATE OR IGNORE orr SET n = NULL WHERE id < 3;
UPDATE OR IGNORE orr SET v = CASE id WHEN 2 THEN 'bad' ELSE v || '!' END;
SELECT * FROM orr ORDER BY id;
UPDATE OR IGNORE orr SET id = id + 1 WHERE id IN (2, 5);
UPDATE OR IGNORE orr SET v = src.v FROM src WHERE src.w = orr.id;
SELECT * FROM orr ORDER BY id;
UPDATE OR REPLACE orr SET k = 30 WHERE id = 1;
SELECT * FROM orr ORDER BY id;
UPDATE OR REPLACE orr SET id = 4, k = 50 WHERE id = 1 RETURNING *;
UPDATE OR REPLACE orr SET n = NULL WHERE id = 4;
SELECT * FROM orr ORDER BY id;
-- error
UPDATE OR REPLACE orr SET v = 'bad' WHERE id = 4;
-- error
UPDATE OR ABORT orr SET id = 4;
-- error
UPDATE OR NOTHING orr SET id = 4;
SELECT * FROM orr ORDER BY id;
UPDATE OR REPLACE orr SET k = 1;
SELECT * FROM orr ORDER BY id;
CREATE TABLE two (id INTEGER PRIMARY KEY, k INTEGER UNIQUE, m INTEGER UNIQUE, v TEXT);
INSERT INTO two VALUES (1, 10, 100, 'a'), (2, 20, 200, 'b'), (3, 30, 300, 'c');
INSERT INTO two VALUES (1, 11, 101, 'x') ON CONFLICT (k) DO UPDATE SET v = 'by k' ON CONFLICT (id) DO UPDATE SET v = 'by id' ON CONFLICT DO NOTHING RETURNING *;
INSERT INTO two VALUES (8, 20, 201, 'x') ON CONFLICT (id) DO UPDATE SET v = 'by id' ON CONFLICT (k) DO UPDATE SET v = 'by k ' || excluded.v ON CONFLICT DO NOTHING;
INSERT INTO two VALUES (9, 90, 300, 'x') ON CONFLICT (id) DO UPDATE SET v = 'by id' ON CONFLICT (k) DO UPDATE SET v = 'by k' ON CONFLICT DO NOTHING;
INSERT INTO two VALUES (9, 90, 300, 'x') ON CONFLICT (id) DO NOTHING ON CONFLICT DO UPDATE SET v = 'any';
INSERT INTO two VALUES (1, 20, 300, 'x') ON CONFLICT (m) DO UPDATE SET v = 'm first' ON CONFLICT (id) DO UPDATE SET v = 'never';
-- error
INSERT INTO two VALUES (5, 10, 500, 'x') ON CONFLICT (id) DO NOTHING ON CONFLICT (m) DO NOTHING;
-- error
INSERT INTO two VALUES (5, 10, 500, 'x') ON CONFLICT DO NOTHING ON CONFLICT (m) DO NOTHING;
SELECT * FROM two ORDER BY id;
