CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT DEFAULT 'none', n INT DEFAULT 1 + 1, at TIMESTAMP DEFAULT CURRENT_TIMESTAMP)
----
CREATE TABLE, commit 2

INSERT INTO t DEFAULT VALUES
----
INSERT 1, ids 1, commit 3

INSERT INTO t (n, name) VALUES (DEFAULT, 'x'), (5, DEFAULT)
----
INSERT 2, ids 2 3, commit 4

SELECT id, name, n, at IS NULL FROM t
----
id | name | n | at IS NULL
1 | none | 2 | false
2 | x | 2 | false
3 | none | 5 | false

# Arity, unknown and doubled columns.
INSERT INTO t VALUES (1, 'a')
----
error Sql: a row of 2 values for 4 columns of 't'

INSERT INTO t (id, name) VALUES (1, 'a', 2)
----
error Sql: a row of 3 values for 2 columns of 't'

INSERT INTO t (id, nope) VALUES (1, 'a')
----
error NotFound: column 'nope' does not exist

INSERT INTO t (id, ID) VALUES (1, 2)
----
error Sql: column 'ID' is named twice

# A statement is atomic: nothing of it stays.
INSERT INTO t (id, name) VALUES (100, 'a'), (101, 'b'), (100, 'c')
----
error Violation: table 't' already has a row with (id) = (100): PRIMARY KEY

INSERT INTO t (id, name) VALUES (200, 'a'), (1, 'b')
----
error Violation: table 't' already has a row with (id) = (1): PRIMARY KEY

SELECT COUNT(*) FROM t
----
COUNT(*)
3

INSERT INTO t (name, n) SELECT name || '!', n + 1 FROM t WHERE id <= 2
----
INSERT 2, ids 4 5, commit 5

SELECT id, name, n FROM t ORDER BY id
----
id | name | n
1 | none | 2
2 | x | 2
3 | none | 5
4 | none! | 3
5 | x! | 3

INSERT INTO t (name, n) SELECT name FROM t
----
error Sql: a row of 1 values for 2 columns of 't'

# RETURNING shows generated values.
INSERT INTO t (name) VALUES ('r') RETURNING id, name, n * 2 AS double
----
INSERT 1, ids 6, commit 6
id | name | double
6 | r | 4

# ON CONFLICT.
CREATE TABLE c (id INTEGER PRIMARY KEY, code TEXT UNIQUE, hits INT NOT NULL DEFAULT 0)
----
CREATE TABLE, commit 7

INSERT INTO c (id, code) VALUES (1, 'a')
----
INSERT 1, ids 1, commit 8

INSERT INTO c (id, code) VALUES (1, 'b'), (2, 'a'), (3, 'c') ON CONFLICT DO NOTHING
----
INSERT 1, ids 3, commit 9

INSERT INTO c (id, code) VALUES (1, 'z') ON CONFLICT (code) DO NOTHING
----
error Violation: table 'c' already has a row with (id) = (1): PRIMARY KEY

INSERT INTO c (id, code, hits) VALUES (1, 'a', 5), (4, 'd', 7) ON CONFLICT (id) DO UPDATE SET hits = c.hits + excluded.hits RETURNING *
----
INSERT 2, ids 4, commit 10
id | code | hits
1 | a | 5
4 | d | 7

INSERT INTO c (code, hits) VALUES ('a', 100) ON CONFLICT (code) DO UPDATE SET hits = hits + excluded.hits WHERE hits < 3
----
INSERT 0

INSERT INTO c (code, hits) VALUES ('a', 100) ON CONFLICT (code) DO UPDATE SET hits = hits + excluded.hits WHERE hits > 3
----
INSERT 1, commit 11

INSERT INTO c (code, hits) VALUES ('a', 100) ON CONFLICT (hits) DO NOTHING
----
error Sql: ON CONFLICT must name the columns of the primary key or a unique index

SELECT * FROM c
----
id | code | hits
1 | a | 105
3 | c | 0
4 | d | 7

@params 7, 'seven'

INSERT INTO c (id, code) VALUES ($1, $2)
----
INSERT 1, ids 7, commit 12

@params 8, 'eight'

INSERT INTO c (id, code) VALUES (?, ?) RETURNING *
----
INSERT 1, ids 8, commit 13
id | code | hits
8 | eight | 0

INSERT INTO c (id, code) VALUES ($1, $2)
----
error Sql: there is no parameter $1: 0 were given
