CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT)
----
CREATE TABLE, commit 2

INSERT INTO users VALUES (1, 'ann'), (2, 'bob')
----
INSERT 2, ids 1 2, commit 3

UPDATE users SET name = 'anne' WHERE id = 1
----
UPDATE 1, commit 4

@snapshot main before
----
snapshot at 4

DELETE FROM users WHERE id = 2
----
DELETE 1, commit 5

ALTER TABLE users ADD COLUMN age INT DEFAULT 1
----
ALTER TABLE, commit 6

SELECT * FROM users
----
id | name | age
1 | anne | 1

SELECT * FROM users AS OF SCN 3
----
id | name
1 | ann
2 | bob

SELECT * FROM users AS OF TRANSACTION 4 WHERE id > 1
----
id | name
2 | bob

SELECT * FROM users AS OF SNAPSHOT 'before'
----
id | name
1 | anne
2 | bob

SELECT * FROM users AS OF NOW
----
id | name | age
1 | anne | 1

SELECT u.name FROM users u AS OF SCN 3 WHERE u.id = 1
----
name
ann

SELECT u.name FROM users AS OF SCN 3 AS u WHERE u.id = 1
----
name
ann

SELECT users.name FROM users AS OF SCN 3 ORDER BY users.id
----
name
ann
bob

SELECT * FROM users FOR SYSTEM_TIME AS OF TIMESTAMP '2023-11-14 22:13:22'
----
id | name
1 | ann
2 | bob

SELECT COUNT(*) FROM users AS OF SYSTEM TIME 1700000002
----
COUNT(*)
2

SELECT COUNT(*) FROM users AS OF SYSTEM TIME '2023-11-14T22:13:22Z'
----
COUNT(*)
2

SELECT COUNT(*) FROM users AS OF TIMESTAMP '2023-11-14 22:13:22.5'
----
COUNT(*)
2

@params 3

SELECT COUNT(*) FROM users AS OF SCN $1
----
COUNT(*)
2

# Several points in one statement.
SELECT name FROM users AS OF SCN 3 WHERE id NOT IN (SELECT id FROM users) OR name NOT IN (SELECT name FROM users AS OF SCN 4)
----
name
ann
bob

INSERT INTO users (id, name) SELECT id, name FROM users AS OF SCN 3 WHERE id = 2
----
INSERT 1, ids 2, commit 7

SELECT * FROM users
----
id | name | age
1 | anne | 1
2 | bob | 1

# Gaps, the beginning, and what was not there yet.
SELECT COUNT(*) FROM users AS OF SCN 999
----
COUNT(*)
2

SELECT COUNT(*) FROM users AS OF SCN 1
----
error NotFound: table 'users' does not exist

SELECT COUNT(*) FROM users AS OF SYSTEM TIME 1600000000
----
error BeforeHistory: history of this branch begins at SCN 1, time Micros(1700000000000000)

SELECT COUNT(*) FROM users AS OF SNAPSHOT 'nope'
----
error NotFound: snapshot 'nope' does not exist

SELECT COUNT(*) FROM users AS OF SCN -1
----
error Sql: AS OF: '-1' is not an SCN

SELECT COUNT(*) FROM users AS OF TIMESTAMP 'soon'
----
error Value: 'soon' is not a valid TIMESTAMP; write YYYY-MM-DD HH:MM:SS[.ffffff], with Z or +hh:mm for a zone

# Never inside strings, comments and names, and "of" is an alias like any other.
SELECT 'users AS OF SCN 3' AS text, 1 AS of -- AS OF SCN 3
----
text | of
users AS OF SCN 3 | 1

SELECT name AS "AS OF SCN 3" FROM users WHERE id = 1
----
AS OF SCN 3
anne

SELECT id AS OF SCN 3 FROM users
----
error Sql: AS OF must stand right behind a table's name or alias

UPDATE users AS OF SCN 3 SET name = 'x'
----
error Sql: AS OF must stand right behind a table's name or alias

# A whole request at a point takes no writes.
@as-of scn 3

SELECT * FROM users
----
id | name
1 | ann
2 | bob

SELECT COUNT(*) FROM users AS OF NOW
----
COUNT(*)
2

INSERT INTO users VALUES (9, 'x')
----
error ReadOnly: a point in the past is read-only

@as-of now

# A dropped table is still there in the past.
DROP TABLE users
----
DROP TABLE, commit 8

SELECT COUNT(*) FROM users
----
error NotFound: table 'users' does not exist

SELECT COUNT(*) FROM users AS OF SCN 5
----
COUNT(*)
1
