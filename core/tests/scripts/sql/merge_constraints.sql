# A merge never makes a duplicate key or a broken reference, whatever the policy.

CREATE TABLE p (id INTEGER PRIMARY KEY, code TEXT UNIQUE)
----
CREATE TABLE, commit 2

CREATE TABLE c (id INTEGER PRIMARY KEY, p INTEGER REFERENCES p (id), n INTEGER CHECK (n > 0))
----
CREATE TABLE, commit 3

INSERT INTO p VALUES (1, 'x'), (2, 'y')
----
INSERT 2, ids 1 2, commit 4

@branch create dev from main
----
branch dev at 4

INSERT INTO p VALUES (3, 'z')
----
INSERT 1, ids 3, commit 5

DELETE FROM p WHERE id = 2
----
DELETE 1, commit 6

@branch use dev

INSERT INTO p VALUES (4, 'z')
----
INSERT 1, ids 4, commit 5

INSERT INTO c VALUES (1, 2, 5)
----
INSERT 1, ids 1, commit 6

@merge dev into main manual
----
error Conflicts: 2 conflicts must be resolved
  c row 1: foreign_key: base -, source (1, 2, 5), target -
  p row 4: unique: base -, source (4, z), target -

@merge dev into main source_wins
----
error Conflicts: 2 conflicts must be resolved
  c row 1: foreign_key: base -, source (1, 2, 5), target -
  p row 4: unique: base -, source (4, z), target -

@session main

SELECT * FROM p
----
id | code
1 | x
3 | z

SELECT * FROM c
----
id | p | n
