# Tables that one side made, dropped or left alone.

CREATE TABLE kept (id INTEGER PRIMARY KEY)
----
CREATE TABLE, commit 2

CREATE TABLE gone (id INTEGER PRIMARY KEY)
----
CREATE TABLE, commit 3

CREATE TABLE written (id INTEGER PRIMARY KEY)
----
CREATE TABLE, commit 4

@branch create dev from main
----
branch dev at 4

INSERT INTO written VALUES (1)
----
INSERT 1, ids 1, commit 5

@branch use dev

CREATE TABLE made (id INTEGER PRIMARY KEY)
----
CREATE TABLE, commit 5

INSERT INTO made VALUES (7)
----
INSERT 1, ids 7, commit 6

DROP TABLE gone
----
DROP TABLE, commit 7

@merge dev into main manual
----
merged 1 rows, 0 conflicts settled, commit 6

@session main

SHOW TABLES
----
table_name
kept
made
written

SELECT * FROM made
----
id
7

SELECT * FROM gone
----
error NotFound: table 'gone' does not exist

@branch use dev

DROP TABLE written
----
DROP TABLE, commit 8

@merge dev into main source_wins
----
error Conflicts: 1 conflicts must be resolved
  written: schema: base -, source -, target -
