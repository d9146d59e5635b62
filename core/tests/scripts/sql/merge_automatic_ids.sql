# Two branches insert under the same next automatic id.

CREATE TABLE p (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT)
----
CREATE TABLE, commit 2

CREATE TABLE c (id INTEGER PRIMARY KEY AUTOINCREMENT, p INTEGER REFERENCES p (id))
----
CREATE TABLE, commit 3

INSERT INTO p (name) VALUES ('one')
----
INSERT 1, ids 1, commit 4

@branch create dev from main
----
branch dev at 4

INSERT INTO p (name) VALUES ('main two')
----
INSERT 1, ids 2, commit 5

INSERT INTO c (p) VALUES (2)
----
INSERT 1, ids 1, commit 6

@branch use dev

INSERT INTO p (name) VALUES ('dev two')
----
INSERT 1, ids 2, commit 5

INSERT INTO c (p) VALUES (2), (1)
----
INSERT 2, ids 1 2, commit 6

@merge dev into main manual
----
error Conflicts: 1 conflicts must be resolved
  p row 2: insert_insert, generated key: base -, source (2, dev two), target (2, main two)

@merge dev into main manual renumber
----
merged 3 rows, 0 conflicts settled, commit 7

@session main

SELECT * FROM p
----
id | name
1 | one
2 | main two
3 | dev two

SELECT * FROM c
----
id | p
1 | 2
2 | 1
3 | 3

INSERT INTO p (name) VALUES ('next')
----
INSERT 1, ids 4, commit 8

SELECT id, p FROM c WHERE p NOT IN (SELECT id FROM p)
----
id | p
