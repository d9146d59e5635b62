# Two branches that run the same definitions make the same things: a merge finds nothing to decide.

CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT)
----
CREATE TABLE, commit 2

@branch create dev from main
----
branch dev at 2

CREATE TABLE u (id INTEGER PRIMARY KEY, t_id INT REFERENCES t, code TEXT UNIQUE DEFAULT 'x' CHECK (LENGTH(code) > 0))
----
CREATE TABLE, commit 3

ALTER TABLE t ADD COLUMN age INT DEFAULT 1
----
ALTER TABLE, commit 4

CREATE INDEX t_name ON t (LOWER(name))
----
CREATE INDEX, commit 5

INSERT INTO t (name) VALUES ('on main')
----
INSERT 1, ids 1, commit 6

@branch use dev

create table u (id integer primary key, t_id int references T, code text unique default 'x' check (length(CODE) > 0))
----
CREATE TABLE, commit 3

ALTER TABLE t ADD COLUMN age INT DEFAULT 1
----
ALTER TABLE, commit 4

CREATE INDEX t_name ON t (LOWER(name))
----
CREATE INDEX, commit 5

INSERT INTO t (id, name) VALUES (10, 'on dev')
----
INSERT 1, ids 10, commit 6

INSERT INTO u (t_id, code) VALUES (10, 'y')
----
INSERT 1, ids 1, commit 7

@merge dev into main manual
----
merged 2 rows, 0 conflicts settled, commit 7

@session main

SELECT * FROM t
----
id | name | age
1 | on main | 1
10 | on dev | 1

SELECT * FROM u
----
id | t_id | code
1 | 10 | y
