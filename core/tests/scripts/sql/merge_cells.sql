# Two edits of one row merge cell by cell; one cell that both changed is a conflict, and a policy decides it.

CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT)
----
CREATE TABLE, commit 2

INSERT INTO t VALUES (1, 'a', 'b'), (2, 'a', 'b'), (3, 'a', 'b')
----
INSERT 3, ids 1 2 3, commit 3

@branch create dev from main
----
branch dev at 3

@branch create other from main
----
branch other at 3

UPDATE t SET a = 'main' WHERE id = 1
----
UPDATE 1, commit 4

UPDATE t SET a = 'main' WHERE id = 2
----
UPDATE 1, commit 5

UPDATE t SET a = 'same' WHERE id = 3
----
UPDATE 1, commit 6

@branch use dev

UPDATE t SET b = 'dev' WHERE id = 1
----
UPDATE 1, commit 4

UPDATE t SET a = 'dev' WHERE id = 2
----
UPDATE 1, commit 5

UPDATE t SET a = 'same' WHERE id = 3
----
UPDATE 1, commit 6

@merge dev into main manual
----
error Conflicts: 1 conflicts must be resolved
  t.a row 2: update_update: base a, source dev, target main

@merge dev into main abort
----
error Conflicts: 1 conflicts must be resolved
  t.a row 2: update_update: base a, source dev, target main

@branch create m1 from main
----
branch m1 at 6

@branch create m2 from main
----
branch m2 at 6

@branch create m3 from main
----
branch m3 at 6

@merge dev into m1 source_wins
----
merged 2 rows, 1 conflicts settled, commit 7

@merge dev into m2 target_wins
----
merged 1 rows, 1 conflicts settled, commit 7

@merge dev into m3 newest_wins
----
merged 2 rows, 1 conflicts settled, commit 7

@branch use m1

SELECT * FROM t
----
id | a | b
1 | main | dev
2 | dev | b
3 | same | b

@branch use m2

SELECT * FROM t
----
id | a | b
1 | main | dev
2 | main | b
3 | same | b

@branch use m3

SELECT * FROM t
----
id | a | b
1 | main | dev
2 | dev | b
3 | same | b

@session main

SELECT * FROM t
----
id | a | b
1 | main | b
2 | main | b
3 | same | b
