CREATE TABLE t (id INTEGER PRIMARY KEY, n INT)
----
CREATE TABLE, commit 2

INSERT INTO t VALUES (1, 1)
----
INSERT 1, ids 1, commit 3

@branch create dev from main
----
branch dev at 3

@branch use dev

UPDATE t SET n = 2
----
UPDATE 1, commit 4

CREATE TABLE only_dev (x INT)
----
CREATE TABLE, commit 5

@session main

SELECT * FROM t
----
id | n
1 | 1

SELECT * FROM only_dev
----
error NotFound: table 'only_dev' does not exist

INSERT INTO t VALUES (2, 2)
----
INSERT 1, ids 2, commit 4

@branch create old from main as of scn 2
----
branch old at 2

@branch use old

SELECT COUNT(*) FROM t
----
COUNT(*)
0

@branch use dev

SELECT * FROM t
----
id | n
1 | 2

@branch protect dev

INSERT INTO t VALUES (3, 3)
----
error Protected: branch 'dev' is protected: it takes merges, not direct writes

BEGIN
----
error Protected: branch 'dev' is protected: it takes merges, not direct writes

@branch unprotect dev

INSERT INTO t VALUES (3, 3)
----
INSERT 1, ids 3, commit 6

@page t order=id DESC | limit=2
----
id | n
3 | 3
1 | 2
total 2

@page t columns=id, n * 2 AS double | filter=n >= 2 | page=1 | limit=1
----
id | double
1 | 4
total 2

@page t filter=id = 1 OR 1 = 1
----
id | n
1 | 2
3 | 3
total 2

@page t filter=id = 1; DROP TABLE t
----
error Sql: syntax error: nothing may follow, found ';' at Line: 1, Column: 7

@page t filter=id IN (SELECT id FROM t)
----
error Sql: a filter cannot hold subqueries here

@page t columns=nope
----
error NotFound: column 'nope' does not exist

@page nope
----
error NotFound: table 'nope' does not exist

@page t page=0
----
error Invalid: pages are counted from 1
