# Merges in both directions leave two common ancestors: a cell merges only where both give the same answer.

CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT)
----
CREATE TABLE, commit 2

INSERT INTO t VALUES (1, 'a', 'b'), (2, 'a', 'b')
----
INSERT 2, ids 1 2, commit 3

@branch create dev from main
----
branch dev at 3

UPDATE t SET a = 'main' WHERE id = 1
----
UPDATE 1, commit 4

@branch create main1 from main
----
branch main1 at 4

@branch use dev

UPDATE t SET b = 'dev' WHERE id = 1
----
UPDATE 1, commit 4

@branch create dev1 from dev
----
branch dev1 at 4

@merge dev1 into main manual
----
merged 1 rows, 0 conflicts settled, commit 5

@merge main1 into dev manual
----
merged 1 rows, 0 conflicts settled, commit 5

UPDATE t SET a = 'dev again' WHERE id = 2
----
UPDATE 1, commit 6

@session main

UPDATE t SET b = 'main again' WHERE id = 2
----
UPDATE 1, commit 6

SELECT * FROM t
----
id | a | b
1 | main | dev
2 | a | main again

@merge dev into main manual
----
merged 1 rows, 0 conflicts settled, commit 7

SELECT * FROM t
----
id | a | b
1 | main | dev
2 | dev again | main again

@merge main into dev manual
----
merged 1 rows, 0 conflicts settled, commit 7

@branch use dev

SELECT * FROM t
----
id | a | b
1 | main | dev
2 | dev again | main again
