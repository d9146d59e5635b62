# What concurrent transactions can and cannot do to each other.

CREATE TABLE t (id INTEGER PRIMARY KEY, n INT)
----
CREATE TABLE, commit 2

INSERT INTO t VALUES (1, 10), (2, 20)
----
INSERT 2, ids 1 2, commit 3

# Lost update: both read 10; the second to commit is told.
@session a

BEGIN
----
BEGIN

UPDATE t SET n = n + 1 WHERE id = 1
----
UPDATE 1

@session b

BEGIN
----
BEGIN

UPDATE t SET n = n + 1 WHERE id = 1
----
UPDATE 1

COMMIT
----
COMMIT, commit 4

@session a

COMMIT
----
error WriteConflict: write conflict: table 't' had the same row changed meanwhile; run the transaction again

SELECT * FROM t
----
id | n
1 | 11
2 | 20

# Dirty read: what is not committed is not seen.
BEGIN
----
BEGIN

UPDATE t SET n = 99 WHERE id = 2
----
UPDATE 1

@session b

SELECT n FROM t WHERE id = 2
----
n
20

@session a

ROLLBACK
----
ROLLBACK

# Unrepeatable read: a transaction sees one state.
BEGIN
----
BEGIN

SELECT n FROM t WHERE id = 1
----
n
11

@session b

UPDATE t SET n = 50 WHERE id = 1
----
UPDATE 1, commit 5

@session a

SELECT n FROM t WHERE id = 1
----
n
11

COMMIT
----
COMMIT

# Different rows do not conflict.
BEGIN
----
BEGIN

UPDATE t SET n = 1 WHERE id = 1
----
UPDATE 1

@session b

UPDATE t SET n = 2 WHERE id = 2
----
UPDATE 1, commit 6

@session a

COMMIT
----
COMMIT, commit 7

SELECT * FROM t
----
id | n
1 | 1
2 | 2

# Write skew: snapshot isolation lets it happen.
BEGIN
----
BEGIN

UPDATE t SET n = (SELECT SUM(n) FROM t) WHERE id = 1
----
UPDATE 1

@session b

BEGIN
----
BEGIN

UPDATE t SET n = (SELECT SUM(n) FROM t) WHERE id = 2
----
UPDATE 1

COMMIT
----
COMMIT, commit 8

@session a

COMMIT
----
COMMIT, commit 9

SELECT * FROM t
----
id | n
1 | 3
2 | 3

# SERIALIZABLE does not.
BEGIN ISOLATION LEVEL SERIALIZABLE
----
BEGIN

UPDATE t SET n = (SELECT SUM(n) FROM t) WHERE id = 1
----
UPDATE 1

@session b

UPDATE t SET n = 0 WHERE id = 2
----
UPDATE 1, commit 10

@session a

COMMIT
----
error WriteConflict: write conflict: table 't' had rows changed that were read; run the transaction again

SELECT * FROM t
----
id | n
1 | 3
2 | 0

# Phantoms count as read: a new row in a range that was looked through.
BEGIN ISOLATION LEVEL SERIALIZABLE
----
BEGIN

SELECT COUNT(*) FROM t WHERE id > 1
----
COUNT(*)
1

INSERT INTO t VALUES (100, 0)
----
INSERT 1, ids 100

@session b

INSERT INTO t VALUES (3, 0)
----
INSERT 1, ids 3, commit 11

@session a

COMMIT
----
error WriteConflict: write conflict: table 't' had rows changed that were read; run the transaction again

# Two inserts of one key; a parent that goes while a child comes.
BEGIN
----
BEGIN

INSERT INTO t VALUES (50, 1)
----
INSERT 1, ids 50

@session b

INSERT INTO t VALUES (50, 2)
----
INSERT 1, ids 50, commit 12

@session a

COMMIT
----
error WriteConflict: write conflict: table 't' had the same row changed meanwhile; run the transaction again

CREATE TABLE c (t_id INT REFERENCES t)
----
CREATE TABLE, commit 13

BEGIN
----
BEGIN

INSERT INTO c VALUES (50)
----
INSERT 1

@session b

DELETE FROM t WHERE id = 50
----
DELETE 1, commit 14

@session a

COMMIT
----
error WriteConflict: write conflict: table 'c' refers by (t_id) = (50) to a row that 't' lacks: c_t_id_fkey; run the transaction again

SELECT COUNT(*) FROM c
----
COUNT(*)
0

# DDL and rows of the same table conflict.
BEGIN
----
BEGIN

ALTER TABLE t ADD COLUMN m INT
----
ALTER TABLE

@session b

INSERT INTO t VALUES (60, 0)
----
INSERT 1, ids 60, commit 15

@session a

COMMIT
----
error WriteConflict: write conflict: table 't' was changed while it was being altered; run the transaction again

# The writer slot: whoever began with it cannot lose, others are told to wait.
BEGIN IMMEDIATE
----
BEGIN

UPDATE t SET n = n + 1 WHERE id = 1
----
UPDATE 1

@session b

UPDATE t SET n = n + 1 WHERE id = 1
----
error Busy: branch 'main' is held by another transaction's writer slot; try again

BEGIN IMMEDIATE
----
error Busy: branch 'main' is held by another transaction's writer slot; try again

@session a

COMMIT
----
COMMIT, commit 16

@session b

UPDATE t SET n = n + 1 WHERE id = 1
----
UPDATE 1, commit 17
