# A row that one side deleted and the other changed is one conflict, named from the source.

CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT)
----
CREATE TABLE, commit 2

INSERT INTO t VALUES (1, 'a', 'b'), (2, 'a', 'b'), (3, 'a', 'b'), (4, 'a', 'b')
----
INSERT 4, ids 1 2 3 4, commit 3

@branch create dev from main
----
branch dev at 3

DELETE FROM t WHERE id = 1
----
DELETE 1, commit 4

UPDATE t SET a = 'main' WHERE id = 2
----
UPDATE 1, commit 5

DELETE FROM t WHERE id = 3
----
DELETE 1, commit 6

@branch use dev

UPDATE t SET a = 'dev' WHERE id = 1
----
UPDATE 1, commit 4

DELETE FROM t WHERE id = 2
----
DELETE 1, commit 5

DELETE FROM t WHERE id = 3
----
DELETE 1, commit 6

DELETE FROM t WHERE id = 4
----
DELETE 1, commit 7

@merge dev into main manual
----
error Conflicts: 2 conflicts must be resolved
  t row 1: update_delete: base (1, a, b), source (1, dev, b), target -
  t row 2: delete_update: base (2, a, b), source -, target (2, main, b)

@branch create m1 from main
----
branch m1 at 6

@branch create m2 from main
----
branch m2 at 6

@merge dev into m1 source_wins
----
merged 3 rows, 2 conflicts settled, commit 7

@merge dev into m2 target_wins
----
merged 1 rows, 2 conflicts settled, commit 7

@branch use m1

SELECT * FROM t
----
id | a | b
1 | dev | b

@branch use m2

SELECT * FROM t
----
id | a | b
2 | main | b
