# What there is, and how it came about.

CREATE TABLE dept (id INTEGER PRIMARY KEY, title VARCHAR(20) NOT NULL UNIQUE)
----
CREATE TABLE, commit 2

CREATE TABLE emp (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, pay DECIMAL(8,2) DEFAULT 10 CHECK (pay > 0), dept INTEGER REFERENCES dept (id) ON DELETE SET NULL)
----
CREATE TABLE, commit 3

CREATE INDEX emp_name ON emp (lower(name), pay DESC)
----
CREATE INDEX, commit 4

CREATE VIEW rich AS SELECT name FROM emp WHERE pay > 100
----
CREATE VIEW, commit 5

SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name
----
type | name | tbl_name | sql
index | dept_title_key | dept | NULL
index | emp_dept_fkey_idx | emp | NULL
index | emp_name | emp | CREATE INDEX emp_name ON emp (LOWER(name), pay DESC)
table | dept | dept | CREATE TABLE dept (id INTEGER PRIMARY KEY AUTOINCREMENT, title VARCHAR(20) NOT NULL, CONSTRAINT dept_title_key UNIQUE (title))
table | emp | emp | CREATE TABLE emp (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, pay DECIMAL(8,2) DEFAULT (10), dept INTEGER, CONSTRAINT emp_pay_check CHECK (pay > 0), CONSTRAINT emp_dept_fkey FOREIGN KEY (dept) REFERENCES dept (id) ON DELETE SET NULL)
view | rich | rich | CREATE VIEW rich (name) AS SELECT name FROM emp WHERE pay > 100

SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name
----
name
dept
emp

SELECT table_name, table_type FROM information_schema.tables ORDER BY table_name
----
table_name | table_type
dept | BASE TABLE
emp | BASE TABLE
rich | VIEW

SELECT column_name, data_type, is_nullable, column_default, numeric_scale FROM information_schema.columns WHERE table_name = 'emp' ORDER BY ordinal_position
----
column_name | data_type | is_nullable | column_default | numeric_scale
id | integer | NO | NULL | NULL
name | text | NO | NULL | NULL
pay | decimal(8,2) | YES | 10 | 2
dept | integer | YES | NULL | NULL

SELECT constraint_name, constraint_type FROM information_schema.table_constraints ORDER BY table_name, constraint_name
----
constraint_name | constraint_type
dept_pkey | PRIMARY KEY
dept_title_key | UNIQUE
emp_dept_fkey | FOREIGN KEY
emp_pay_check | CHECK
emp_pkey | PRIMARY KEY

SELECT * FROM information_schema.key_column_usage ORDER BY table_name, constraint_name
----
constraint_name | table_name | column_name | ordinal_position
dept_pkey | dept | id | 1
dept_title_key | dept | title | 1
emp_dept_fkey | emp | dept | 1
emp_pkey | emp | id | 1

SELECT * FROM information_schema.referential_constraints
----
constraint_name | unique_constraint_name | update_rule | delete_rule
emp_dept_fkey | dept_pkey | NO ACTION | SET NULL

SELECT tablename FROM pg_tables ORDER BY 1
----
tablename
dept
emp

SELECT * FROM information_schema.nope
----
error Unsupported: not supported: information_schema.nope

SELECT * FROM pg_catalog.pg_class
----
error Unsupported: not supported: pg_catalog.pg_class: use information_schema

PRAGMA table_info(emp)
----
cid | name | type | notnull | dflt_value | pk
0 | id | INTEGER | 0 | NULL | 1
1 | name | TEXT | 1 | NULL | 0
2 | pay | DECIMAL(8,2) | 0 | 10 | 0
3 | dept | INTEGER | 0 | NULL | 0

PRAGMA table_info('nope')
----
cid | name | type | notnull | dflt_value | pk

PRAGMA foreign_key_list(emp)
----
id | seq | table | from | to | on_update | on_delete | match
0 | 0 | dept | dept | id | NO ACTION | SET NULL | NONE

PRAGMA index_list(emp)
----
seq | name | unique | origin | partial
0 | emp_dept_fkey_idx | 0 | c | 0
1 | emp_name | 0 | c | 0

SELECT name FROM pragma_index_info('emp_name')
----
name
NULL
pay

SELECT name, "notnull" FROM pragma_table_info('dept') WHERE pk > 0
----
name | notnull
id | 0

PRAGMA foreign_keys
----
foreign_keys
1

PRAGMA journal_mode

# A table of one's own goes before.
CREATE TABLE pg_tables (x INTEGER)
----
CREATE TABLE, commit 6

SELECT * FROM pg_tables
----
x

DROP TABLE pg_tables
----
DROP TABLE, commit 7

INSERT INTO dept VALUES (1, 'Labs'), (2, 'Sales')
----
INSERT 2, ids 1 2, commit 8

INSERT INTO emp (name, pay, dept) VALUES ('Ann', 120, 1), ('Bob', 80, 2)
----
INSERT 2, ids 1 2, commit 9

@branch create dev from main
----
branch dev at 9

UPDATE emp SET pay = 90 WHERE name = 'Bob'
----
UPDATE 1, commit 10

INSERT INTO emp (name, dept) VALUES ('Cy', 1)
----
INSERT 1, ids 3, commit 11

DELETE FROM emp WHERE name = 'Ann'
----
DELETE 1, commit 12

SELECT name, status, current, scn, source_branch, protected FROM offshoot_branches ORDER BY name
----
name | status | current | scn | source_branch | protected
dev | active | false | 9 | main | false
main | active | true | 12 | NULL | false

SELECT scn, author, message FROM offshoot_log ORDER BY scn DESC LIMIT 3
----
scn | author | message
12 | golden | DELETE FROM emp (1 row)
11 | golden | INSERT INTO emp (1 row)
10 | golden | UPDATE emp (1 row)

SELECT COUNT(*) FROM offshoot_log('dev')
----
COUNT(*)
9

SELECT * FROM offshoot_log('nope')
----
error NotFound: branch 'nope' does not exist

SELECT change, row_id, from_name, from_pay, to_name, to_pay FROM offshoot_diff('dev', 'main', 'emp') ORDER BY row_id
----
change | row_id | from_name | from_pay | to_name | to_pay
removed | 1 | Ann | 120 | NULL | NULL
changed | 2 | Bob | 80 | Bob | 90
added | 3 | NULL | NULL | Cy | 10

SELECT change, row_id FROM offshoot_diff('12', '13', 'emp')
----
change | row_id

SELECT commit_scn, change, row_id, name, pay FROM offshoot_history('emp') ORDER BY commit_scn, row_id
----
commit_scn | change | row_id | name | pay
9 | inserted | 1 | Ann | 120
9 | inserted | 2 | Bob | 80
10 | updated | 2 | Bob | 90
11 | inserted | 3 | Cy | 10
12 | deleted | 1 | Ann | 120

SELECT row_id, name, commit_scn, commit_author, commit_message FROM offshoot_blame('emp') ORDER BY row_id
----
row_id | name | commit_scn | commit_author | commit_message
2 | Bob | 10 | golden | UPDATE emp (1 row)
3 | Cy | 11 | golden | INSERT INTO emp (1 row)

@branch use dev

UPDATE emp SET pay = 95 WHERE name = 'Bob'
----
UPDATE 1, commit 10

SELECT "table", row_id, "column", type, base, source, target FROM offshoot_conflicts('dev', 'main')
----
table | row_id | column | type | base | source | target
emp | 2 | pay | update_update | 80 | 95 | 90

@snapshot dev first
----
snapshot at 10

SELECT name, branch, scn FROM offshoot_snapshots WHERE name IS NOT NULL
----
name | branch | scn
first | dev | 10

INSERT INTO dept SELECT 9, name FROM offshoot_branches
----
error Unsupported: not supported: relations about history inside a statement that writes

SELECT * FROM offshoot_diff('a')
----
error Sql: offshoot_diff takes 3 arguments, not 1

SELECT * FROM offshoot_nope
----
error NotFound: table 'offshoot_nope' does not exist
