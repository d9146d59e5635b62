# Two branches add the same column: it is one column. The same name with another definition is a conflict of schemas.

CREATE TABLE t (id INTEGER PRIMARY KEY)
----
CREATE TABLE, commit 2

INSERT INTO t VALUES (1), (2), (3)
----
INSERT 3, ids 1 2 3, commit 3

@branch create dev from main
----
branch dev at 3

@branch create other from main
----
branch other at 3

ALTER TABLE t ADD COLUMN age INTEGER DEFAULT 0
----
ALTER TABLE, commit 4

UPDATE t SET age = 10 WHERE id = 1
----
UPDATE 1, commit 5

@branch use dev

ALTER TABLE t ADD COLUMN age INTEGER DEFAULT 0
----
ALTER TABLE, commit 4

UPDATE t SET age = 20 WHERE id = 2
----
UPDATE 1, commit 5

@branch use other

ALTER TABLE t ADD COLUMN age TEXT
----
ALTER TABLE, commit 4

@merge dev into main manual
----
merged 1 rows, 0 conflicts settled, commit 6

@session main

SELECT * FROM t
----
id | age
1 | 10
2 | 20
3 | 0

@merge other into main source_wins
----
error Conflicts: 1 conflicts must be resolved
  t: schema: base -, source -, target -

@merge other into main manual
----
error Conflicts: 1 conflicts must be resolved
  t: schema: base -, source -, target -
