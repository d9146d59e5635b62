# Branches made, used, merged and dropped in SQL.
CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT, price INTEGER)
----
CREATE TABLE, commit 2

INSERT INTO items VALUES (1, 'desk', 100), (2, 'lamp', 30)
----
INSERT 2, ids 1 2, commit 3

CREATE BRANCH sale
----
CREATE BRANCH

USE BRANCH sale
----
USE BRANCH

UPDATE items SET price = 80 WHERE id = 1
----
UPDATE 1, commit 4

INSERT INTO items VALUES (3, 'stool', 20)
----
INSERT 1, ids 3, commit 5

SELECT * FROM items
----
id | name | price
1 | desk | 80
2 | lamp | 30
3 | stool | 20

USE BRANCH main
----
USE BRANCH

SELECT * FROM items
----
id | name | price
1 | desk | 100
2 | lamp | 30

# A name with dashes and slashes, from another branch, as of a point.
CREATE BRANCH feature/tax-2025 FROM sale AS OF SCN 3
----
CREATE BRANCH

USE BRANCH feature/tax-2025
----
USE BRANCH

SELECT COUNT(*) FROM items
----
COUNT(*)
2

CREATE BRANCH "from here"
----
error Invalid: a branch name holds letters, digits and / - _ . only, not ' '

USE BRANCH main
----
USE BRANCH

SELECT name, source_branch FROM offshoot_branches ORDER BY name
----
name | source_branch
feature/tax-2025 | sale
main | NULL
sale | main

# What cannot be.
CREATE BRANCH sale
----
error Exists: branch 'sale' already exists

CREATE BRANCH IF NOT EXISTS sale
----
CREATE BRANCH

CREATE BRANCH other FROM nowhere
----
error NotFound: branch 'nowhere' does not exist

DROP BRANCH nowhere
----
error NotFound: branch 'nowhere' does not exist

DROP BRANCH IF EXISTS nowhere
----
DROP BRANCH

USE BRANCH nowhere
----
error NotFound: branch 'nowhere' does not exist

DROP BRANCH main
----
error Protected: branch 'main' is protected: it can never be deleted

MERGE BRANCH sale INTO sale
----
error InvalidMerge: branch 'sale' cannot merge into itself

MERGE BRANCH sale
----
error Sql: syntax error: expected INTO and a branch, found the end

MERGE BRANCH sale INTO main USING force
----
error Sql: syntax error: expected one of source_wins, target_wins, newest_wins, manual, abort, found 'force' at Line: 1, Column: 35

CREATE BRANCH
----
error Sql: syntax error: expected a branch's name, found the end

CREATE BRANCH a b
----
error Sql: syntax error: expected the end of the statement, found 'b' at Line: 1, Column: 17

# Branches are no part of a transaction.
BEGIN
----
BEGIN

CREATE BRANCH inside
----
error Invalid: branches are no part of a transaction: COMMIT or ROLLBACK first

ROLLBACK
----
ROLLBACK

# A merge tried, made, and made again.
MERGE BRANCH sale INTO main DRY RUN
----
MERGE BRANCH
changes_merged | schema_changed | conflicts_resolved | dry_run
2 | false | 0 | true

MERGE BRANCH sale INTO main
----
MERGE BRANCH, commit 4
changes_merged | schema_changed | conflicts_resolved | dry_run
2 | false | 0 | false

SELECT * FROM items
----
id | name | price
1 | desk | 80
2 | lamp | 30
3 | stool | 20

MERGE BRANCH sale INTO main
----
MERGE BRANCH
changes_merged | schema_changed | conflicts_resolved | dry_run
0 | false | 0 | false

# A conflict writes nothing, and is data.
UPDATE items SET price = 75 WHERE id = 1
----
UPDATE 1, commit 5

USE BRANCH sale
----
USE BRANCH

UPDATE items SET price = 70 WHERE id = 1
----
UPDATE 1, commit 6

MERGE BRANCH sale INTO main
----
error Conflicts: 1 conflicts must be resolved
  items.price row 1: update_update: base 80, source 70, target 75

SELECT * FROM offshoot_conflicts('sale', 'main')
----
table | row_id | column | type | base | source | target | message
items | 1 | price | update_update | 80 | 70 | 75 | both branches changed column 'price' of 'items' row 1

MERGE BRANCH sale INTO main USING abort
----
error Conflicts: 1 conflicts must be resolved
  items.price row 1: update_update: base 80, source 70, target 75

USE BRANCH main
----
USE BRANCH

SELECT price FROM items WHERE id = 1
----
price
75

MERGE BRANCH sale INTO main USING SOURCE_WINS
----
MERGE BRANCH, commit 6
changes_merged | schema_changed | conflicts_resolved | dry_run
1 | false | 1 | false

SELECT price FROM items WHERE id = 1
----
price
70

# Dropped: with what is merged nowhere only by FORCE, and not from under this session.
USE BRANCH sale
----
USE BRANCH

UPDATE items SET price = 1
----
UPDATE 3, commit 7

DROP BRANCH sale
----
error Invalid: this session is on branch 'sale': USE BRANCH main first

USE BRANCH main
----
USE BRANCH

DROP BRANCH sale
----
error HasChildren: branch 'sale' has live children: feature/tax-2025

DROP BRANCH feature/tax-2025
----
DROP BRANCH

DROP BRANCH sale
----
error Unmerged: branch 'sale' has 1 commits that 'main' lacks; force deletes it

DROP BRANCH sale FORCE
----
DROP BRANCH

SELECT name FROM offshoot_branches ORDER BY name
----
name
main

# Words of their own only where they begin a statement.
CREATE TABLE branch (use INTEGER, "merge" INTEGER)
----
CREATE TABLE, commit 7

INSERT INTO branch VALUES (1, 2)
----
INSERT 1, commit 8

SELECT use, "merge" FROM branch
----
use | merge
1 | 2
