# Upserts, as SQLite answers them.
CREATE TABLE t (id INTEGER PRIMARY KEY, code TEXT UNIQUE, n INT NOT NULL DEFAULT 7, CHECK (n >= 0))
----
CREATE TABLE, commit 2

CREATE UNIQUE INDEX t_upper ON t (UPPER(code))
----
CREATE INDEX, commit 3

INSERT INTO t VALUES (1, 'a', 1), (2, 'b', 2), (3, NULL, 3)
----
INSERT 3, ids 1 2 3, commit 4

INSERT INTO t (id, code) VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET code = excluded.code || '!', n = t.n + 10 RETURNING *
----
INSERT 1, commit 5
id | code | n
1 | x! | 11

INSERT INTO t AS x (id, code) VALUES (1, 'y') ON CONFLICT (id) DO UPDATE SET n = x.n + excluded.n WHERE x.n > 100
----
INSERT 0

INSERT INTO t AS x (id, code) VALUES (1, 'y') ON CONFLICT (id) DO UPDATE SET n = x.n + excluded.n WHERE x.n > 10 RETURNING id, x.n
----
INSERT 1, commit 6
id | n
1 | 18

# Without a target every key counts for DO NOTHING.
INSERT INTO t VALUES (9, 'b', 1), (2, 'q', 1), (4, 'd', 4) ON CONFLICT DO NOTHING RETURNING id
----
INSERT 1, ids 4, commit 7
id
4

# A key that is not named is still a key.
INSERT INTO t VALUES (2, 'zz', 1) ON CONFLICT (code) DO NOTHING
----
error Violation: table 't' already has a row with (id) = (2): PRIMARY KEY

INSERT INTO t VALUES (1, 'b', 1) ON CONFLICT (id) DO UPDATE SET code = excluded.code
----
error Violation: table 't' already has a row with (code) = (b): t_code_key

INSERT INTO t VALUES (5, 'd', 5) ON CONFLICT (UPPER(code)) DO UPDATE SET n = 50
----
INSERT 1, commit 8

INSERT INTO t VALUES (5, 'd', 5) ON CONFLICT (code) WHERE code IS NOT NULL DO UPDATE SET n = n + 1 RETURNING *
----
INSERT 1, commit 9
id | code | n
4 | d | 51

INSERT INTO t VALUES (5, 'd', 5) ON CONFLICT ON CONSTRAINT t_pkey DO NOTHING
----
error Violation: table 't' already has a row with (code) = (d): t_code_key

INSERT INTO t VALUES (5, 'e', 5) ON CONFLICT ON CONSTRAINT t_pkey DO NOTHING
----
INSERT 1, ids 5, commit 10

INSERT INTO t VALUES (6, 'f', 5) ON CONFLICT ON CONSTRAINT nope DO NOTHING
----
error NotFound: index 'nope' does not exist

INSERT INTO t VALUES (6, 'f', 5) ON CONFLICT (n) DO NOTHING
----
error Sql: ON CONFLICT must name the columns of the primary key or a unique index

INSERT INTO t VALUES (6, 'f', 5) ON CONFLICT (id, code) DO NOTHING
----
error Sql: ON CONFLICT must name the columns of the primary key or a unique index

# NULL is in nobody's way.
INSERT INTO t VALUES (7, NULL, 5) ON CONFLICT (code) DO NOTHING
----
INSERT 1, ids 7, commit 11

# One statement may change one row again and again.
INSERT INTO t VALUES (8, 'h', 1), (8, 'h', 1), (8, 'h', 1) ON CONFLICT (id) DO UPDATE SET n = n + excluded.n RETURNING id, n
----
INSERT 3, ids 8, commit 12
id | n
8 | 1
8 | 2
8 | 3

# The key itself may change.
INSERT INTO t VALUES (8, 'h', 1) ON CONFLICT (id) DO UPDATE SET id = 80, (code, n) = (excluded.code || '2', DEFAULT)
----
INSERT 1, commit 13

# DO UPDATE cannot save a row from a constraint.
INSERT INTO t VALUES (80, 'h', 1) ON CONFLICT (id) DO UPDATE SET n = -1
----
error Violation: a row of table 't' fails the check 't_check'

INSERT INTO t SELECT id + 1, code, n FROM t WHERE TRUE ON CONFLICT (id) DO UPDATE SET n = excluded.n ON CONFLICT (code) DO NOTHING
----
INSERT 5, ids 8, commit 14

INSERT INTO t SELECT id, 'from ' || id, n * 2 FROM t WHERE id < 3 ON CONFLICT (id) DO UPDATE SET code = excluded.code, n = excluded.n
----
INSERT 2, commit 15

SELECT * FROM t ORDER BY id
----
id | code | n
1 | from 1 | 36
2 | from 2 | 36
3 | NULL | 2
4 | d | 3
5 | e | 51
7 | NULL | 5
8 | NULL | 5
80 | h2 | 7

# Subqueries that read the rows.
CREATE TABLE names (code TEXT PRIMARY KEY, name TEXT)
----
CREATE TABLE, commit 16

INSERT INTO names VALUES ('h2', 'old'), ('new', 'new name')
----
INSERT 2, ids h2 new, commit 17

INSERT INTO t VALUES (80, 'new', 1) ON CONFLICT (id) DO UPDATE SET code = (SELECT name FROM names WHERE names.code = excluded.code), n = n + (SELECT COUNT(*) FROM names WHERE names.code = t.code) WHERE EXISTS (SELECT 1 FROM names WHERE names.code = t.code) RETURNING *
----
INSERT 1, commit 18
id | code | n
80 | new name | 8

INSERT INTO t VALUES (80, 'new', 1) ON CONFLICT (id) DO UPDATE SET code = (SELECT name FROM names WHERE names.code = excluded.code) WHERE EXISTS (SELECT 1 FROM names WHERE names.code = t.code) RETURNING *
----
INSERT 0
id | code | n

# OR REPLACE deletes whatever stands in the way, in any key.
CREATE TABLE r (id INTEGER PRIMARY KEY, code TEXT UNIQUE, n INT NOT NULL DEFAULT 5)
----
CREATE TABLE, commit 19

CREATE TABLE child (id INTEGER PRIMARY KEY, r INT REFERENCES r (id) ON DELETE CASCADE)
----
CREATE TABLE, commit 20

INSERT INTO r VALUES (1, 'a', 1), (2, 'b', 2), (3, 'c', 3)
----
INSERT 3, ids 1 2 3, commit 21

INSERT INTO child VALUES (10, 1), (20, 2), (30, 3)
----
INSERT 3, ids 10 20 30, commit 22

REPLACE INTO r VALUES (1, 'b', NULL) RETURNING *
----
INSERT 1, ids 1, commit 23
id | code | n
1 | b | 5

INSERT OR REPLACE INTO r (id, code, n) VALUES (4, 'd', 4), (4, 'e', 4)
----
INSERT 2, ids 4 4, commit 24

SELECT * FROM r ORDER BY id
----
id | code | n
1 | b | 5
3 | c | 3
4 | e | 4

SELECT * FROM child ORDER BY id
----
id | r
30 | 3

# OR IGNORE leaves out what a constraint refuses, but for references.
INSERT OR IGNORE INTO r VALUES (3, 'x', 1), (5, 'c', 1), (6, 'f', NULL), (7, 'g', 7)
----
INSERT 1, ids 7, commit 25

INSERT OR IGNORE INTO child VALUES (40, 99)
----
error Violation: table 'child' refers by (r) = (99) to a row that 'r' lacks: child_r_fkey

INSERT OR ABORT INTO r VALUES (8, 'h', 8), (3, 'x', 1)
----
error Violation: table 'r' already has a row with (id) = (3): PRIMARY KEY

INSERT OR FAIL INTO r VALUES (3, 'x', 1)
----
error Violation: table 'r' already has a row with (id) = (3): PRIMARY KEY

INSERT OR FAIL INTO r VALUES (8, 'h', 8), (3, 'x', 1)
----
error Unsupported: not supported: OR FAIL with several rows: a statement does all of its work, or nothing

SELECT * FROM r ORDER BY id
----
id | code | n
1 | b | 5
3 | c | 3
4 | e | 4
7 | g | 7

BEGIN
----
BEGIN

INSERT INTO r VALUES (100, 'hundred', 1)
----
INSERT 1, ids 100

INSERT OR ROLLBACK INTO r VALUES (101, 'hundred', 1)
----
error Violation: table 'r' already has a row with (code) = (hundred): r_code_key

COMMIT
----
error Invalid: no transaction is open

SELECT COUNT(*) FROM r WHERE id >= 100
----
COUNT(*)
0

INSERT OR IGNORE INTO r VALUES (100, 'x', 1) ON CONFLICT (id) DO NOTHING
----
error Unsupported: not supported: OR IGNORE beside ON CONFLICT

INSERT INTO r VALUES (100, 'x', 1) ON DUPLICATE KEY UPDATE n = 1
----
error Unsupported: not supported: ON DUPLICATE KEY UPDATE

# Duplicates inside one statement.
INSERT INTO r VALUES (200, 'x', 1), (200, 'y', 1)
----
error Violation: table 'r' already has a row with (id) = (200): PRIMARY KEY

INSERT INTO r VALUES (200, 'x', 1), (201, 'x', 1)
----
error Violation: table 'r' already has a row with (code) = (x): r_code_key

SELECT COUNT(*) FROM r WHERE id >= 100
----
COUNT(*)
0

# Several ON CONFLICT: the first counts in whose key a row stands.
CREATE TABLE two (id INTEGER PRIMARY KEY, k INT UNIQUE, m INT UNIQUE, v TEXT)
----
CREATE TABLE, commit 26

INSERT INTO two VALUES (1, 10, 100, 'a'), (2, 20, 200, 'b'), (3, 30, 300, 'c')
----
INSERT 3, ids 1 2 3, commit 27

INSERT INTO two VALUES (1, 20, 300, 'x') ON CONFLICT (m) DO UPDATE SET v = 'by m' ON CONFLICT (k) DO UPDATE SET v = 'by k' ON CONFLICT DO NOTHING RETURNING *
----
INSERT 1, commit 28
id | k | m | v
3 | 30 | 300 | by m

INSERT INTO two VALUES (1, 20, 400, 'x') ON CONFLICT (m) DO UPDATE SET v = 'by m' ON CONFLICT (k) DO UPDATE SET v = 'by k of ' || excluded.id ON CONFLICT DO NOTHING RETURNING *
----
INSERT 1, commit 29
id | k | m | v
2 | 20 | 200 | by k of 1

INSERT INTO two VALUES (1, 40, 400, 'x') ON CONFLICT (m) DO NOTHING ON CONFLICT (k) DO NOTHING ON CONFLICT DO UPDATE SET v = 'the last' RETURNING *
----
INSERT 1, commit 30
id | k | m | v
1 | 10 | 100 | the last

INSERT INTO two VALUES (4, 40, 400, 'd') ON CONFLICT (m) DO NOTHING ON CONFLICT (k) DO NOTHING RETURNING *
----
INSERT 1, ids 4, commit 31
id | k | m | v
4 | 40 | 400 | d

INSERT INTO two VALUES (1, 50, 500, 'x') ON CONFLICT (m) DO NOTHING ON CONFLICT (k) DO NOTHING
----
error Violation: table 'two' already has a row with (id) = (1): PRIMARY KEY

INSERT INTO two VALUES (1, 50, 500, 'x') ON CONFLICT DO NOTHING ON CONFLICT (k) DO NOTHING
----
error Sql: of several ON CONFLICT only the last may name no columns
