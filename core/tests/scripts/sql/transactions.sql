CREATE TABLE t (id INTEGER PRIMARY KEY, n INT)
----
CREATE TABLE, commit 2

INSERT INTO t VALUES (1, 1), (2, 2)
----
INSERT 2, ids 1 2, commit 3

BEGIN
----
BEGIN

INSERT INTO t VALUES (3, 3)
----
INSERT 1, ids 3

UPDATE t SET n = 10 WHERE id = 1
----
UPDATE 1

SELECT * FROM t
----
id | n
1 | 10
2 | 2
3 | 3

# Nobody else sees it.
@session other

SELECT * FROM t
----
id | n
1 | 1
2 | 2

@session main

# A statement that fails is undone; the transaction goes on.
INSERT INTO t VALUES (4, 4), (1, 1)
----
error Violation: table 't' already has a row with (id) = (1): PRIMARY KEY

SELECT COUNT(*) FROM t
----
COUNT(*)
3

SAVEPOINT a
----
SAVEPOINT

DELETE FROM t
----
DELETE 3

SAVEPOINT b
----
SAVEPOINT

CREATE TABLE u (x INT)
----
CREATE TABLE

ROLLBACK TO b
----
ROLLBACK

SELECT COUNT(*) FROM u
----
error NotFound: table 'u' does not exist

ROLLBACK TO SAVEPOINT a
----
ROLLBACK

SELECT COUNT(*) FROM t
----
COUNT(*)
3

RELEASE SAVEPOINT a
----
SAVEPOINT

ROLLBACK TO a
----
error Invalid: there is no savepoint 'a'

COMMIT
----
COMMIT, commit 4

SELECT * FROM t
----
id | n
1 | 10
2 | 2
3 | 3

BEGIN TRANSACTION
----
BEGIN

ALTER TABLE t ADD COLUMN m TEXT DEFAULT 'm'
----
ALTER TABLE

CREATE TABLE u (x INT)
----
CREATE TABLE

INSERT INTO u VALUES (1)
----
INSERT 1

SELECT * FROM t
----
id | n | m
1 | 10 | m
2 | 2 | m
3 | 3 | m

ROLLBACK
----
ROLLBACK

SELECT * FROM t
----
id | n
1 | 10
2 | 2
3 | 3

SELECT * FROM u
----
error NotFound: table 'u' does not exist

COMMIT
----
error Invalid: no transaction is open

BEGIN
----
BEGIN

BEGIN
----
error Invalid: a transaction is already open

COMMIT
----
COMMIT

# A transaction that wrote nothing makes no commit.
BEGIN
----
BEGIN

SELECT COUNT(*) FROM t
----
COUNT(*)
3

COMMIT
----
COMMIT

# A list is one transaction.
@batch
INSERT INTO t VALUES (7, 7)
SELECT COUNT(*) FROM t
UPDATE t SET n = n + 1 WHERE id = 7
----
INSERT 1, ids 7
COUNT(*)
4
UPDATE 1, commit 5

@batch
INSERT INTO t VALUES (8, 8)
INSERT INTO t VALUES (8, 8)
----
error Violation: table 't' already has a row with (id) = (8): PRIMARY KEY

@batch
BEGIN
COMMIT
----
error Invalid: a list of statements is one transaction and cannot begin or end one

SELECT * FROM t
----
id | n
1 | 10
2 | 2
3 | 3
7 | 8
