CREATE TABLE p (id INTEGER PRIMARY KEY, code TEXT UNIQUE, n INTEGER)
----
CREATE TABLE, commit 2

CREATE TABLE c (id INTEGER PRIMARY KEY, p INTEGER REFERENCES p (id) ON DELETE CASCADE, code TEXT REFERENCES p (code), v INTEGER)
----
CREATE TABLE, commit 3

CREATE INDEX c_v ON c (v)
----
CREATE INDEX, commit 4

# INSERT: what comes, what stands in its way, what it refers to
EXPLAIN INSERT INTO p VALUES (1, 'a', 10), (2, 'b', 20), (3, 'c', 30)
----
plan
insert into p
  values: 3 rows

EXPLAIN INSERT INTO p DEFAULT VALUES
----
plan
insert into p
  values: 1 rows

EXPLAIN INSERT INTO c (id, p) VALUES (1, (SELECT MAX(id) FROM p))
----
plan
insert into c
  values: 1 rows
  subquery (value), run once
    aggregate all rows
      scan p
  foreign key c_p_fkey: looked up in p
  foreign key c_code_fkey: looked up in p

EXPLAIN INSERT INTO c (id, p) SELECT id + 10, id FROM p WHERE id BETWEEN 1 AND 2
----
plan
insert into c
  search p by primary key: 1 range, filtered
  foreign key c_p_fkey: looked up in p
  foreign key c_code_fkey: looked up in p

EXPLAIN WITH w AS (SELECT 1 AS id) INSERT INTO c (id) SELECT id FROM w
----
plan
insert into c
  rows of WITH number 1
  with w
    one row
  foreign key c_p_fkey: looked up in p
  foreign key c_code_fkey: looked up in p

EXPLAIN INSERT OR IGNORE INTO p VALUES (1, 'a', 10)
----
plan
insert or ignore into p
  values: 1 rows

EXPLAIN REPLACE INTO p VALUES (1, 'a', 10)
----
plan
insert or replace into p
  values: 1 rows
  foreign key c_p_fkey of c: they follow
  foreign key c_code_fkey of c: none may be left

EXPLAIN INSERT INTO p (id, code) VALUES (1, 'a') ON CONFLICT DO NOTHING
----
plan
insert into p
  values: 1 rows
  on conflict: nothing

EXPLAIN INSERT INTO p (id, code) VALUES (1, 'a') ON CONFLICT (id) DO UPDATE SET code = excluded.code
----
plan
insert into p
  values: 1 rows
  on conflict (id): update
  foreign key c_code_fkey of c: none may be left

EXPLAIN INSERT INTO p (id, code) VALUES (1)
----
error Sql: a row of 1 values for 2 columns of 'p'

EXPLAIN INSERT INTO nothing VALUES (1)
----
error NotFound: table 'nothing' does not exist

# Nothing came in
SELECT COUNT(*) AS rows FROM p
----
rows
0

# ANALYZE does it
EXPLAIN ANALYZE INSERT INTO p VALUES (1, 'a', 10), (2, 'b', 20), (3, 'c', 30), (4, 'd', 40)
----
plan
insert into p (4 rows, 0 chunk reads)
  values: 4 rows

EXPLAIN ANALYZE INSERT INTO c (id, p, code, v) SELECT id, id, code, n FROM p WHERE id BETWEEN 1 AND 3
----
plan
insert into c (3 rows, 0 chunk reads)
  search p by primary key: 1 range, filtered (3 rows in 1 runs, 0 chunk reads)
  foreign key c_p_fkey: looked up in p
  foreign key c_code_fkey: looked up in p

EXPLAIN ANALYZE INSERT INTO c (id, p) VALUES (9, (SELECT MAX(id) FROM p)) RETURNING id
----
plan
insert into c (1 rows, 0 chunk reads)
  values: 1 rows
  subquery (value), run once
    aggregate all rows (1 rows in 1 runs, 0 chunk reads)
      scan p (0 rows in 0 runs, 0 chunk reads)
  foreign key c_p_fkey: looked up in p
  foreign key c_code_fkey: looked up in p

EXPLAIN ANALYZE INSERT INTO p (id, code) VALUES (1, 'z') ON CONFLICT (id) DO UPDATE SET n = 11
----
plan
insert into p (1 rows, 0 chunk reads)
  values: 1 rows
  on conflict (id): update

SELECT * FROM p
----
id | code | n
1 | a | 11
2 | b | 20
3 | c | 30
4 | d | 40

SELECT * FROM c
----
id | p | code | v
1 | 1 | a | 10
2 | 2 | b | 20
3 | 3 | c | 30
9 | 4 | NULL | NULL

# UPDATE
EXPLAIN UPDATE p SET n = n + 1 WHERE id = 2
----
plan
update p
  search p by primary key: 1 key

EXPLAIN UPDATE p SET id = id + 100 WHERE n > 10
----
plan
update p
  scan p, filtered
  foreign key c_p_fkey of c: none may be left

EXPLAIN UPDATE c SET v = 0 WHERE v BETWEEN 10 AND 20
----
plan
update c
  scan c, filtered

EXPLAIN UPDATE c SET p = NULL, v = (SELECT MAX(n) FROM p) WHERE id IN (SELECT id FROM p WHERE code = 'b')
----
plan
update c
  search c by primary key: 1 key, filtered
  subquery (in), run once
    scan p, filtered
  subquery (value), run once
    aggregate all rows
      scan p
  foreign key c_p_fkey: looked up in p

EXPLAIN UPDATE c SET v = (SELECT n FROM p WHERE p.id = c.p) WHERE id = 1
----
plan
update c
  search c by primary key: 1 key
  subquery (value), run for each row around it
    search p for what is around it

EXPLAIN UPDATE c SET v = p.n FROM p WHERE p.id = c.p AND p.code = 'a'
----
plan
update c
  join by hash of 1 keys
    scan c
    scan p, filtered

EXPLAIN ANALYZE UPDATE c SET v = (SELECT MAX(n) FROM p) WHERE id IN (SELECT id FROM p WHERE code = 'b')
----
plan
update c (1 rows, 0 chunk reads)
  search c by primary key: 1 key, filtered (1 rows in 1 runs, 0 chunk reads)
  subquery (in), run once
    scan p, filtered (1 rows in 1 runs, 0 chunk reads)
  subquery (value), run once
    aggregate all rows (1 rows in 1 runs, 0 chunk reads)
      scan p (4 rows in 1 runs, 0 chunk reads)

EXPLAIN ANALYZE UPDATE c SET v = (SELECT n FROM p WHERE p.id = c.p) WHERE id < 3
----
plan
update c (2 rows, 0 chunk reads)
  search c by primary key: 1 range, filtered (2 rows in 1 runs, 0 chunk reads)
  subquery (value), run for each row around it
    search p for what is around it (2 rows in 2 runs, 0 chunk reads)

EXPLAIN ANALYZE UPDATE c SET v = 0 FROM p WHERE p.id = c.p AND p.code = 'a'
----
plan
update c (1 rows, 0 chunk reads)
  join by hash of 1 keys (1 rows in 1 runs, 0 chunk reads)
    scan c (4 rows in 1 runs, 0 chunk reads)
    scan p, filtered (1 rows in 1 runs, 0 chunk reads)

EXPLAIN ANALYZE UPDATE c SET v = v
----
plan
update c (4 rows, 0 chunk reads)
  scan c (4 rows in 1 runs, 0 chunk reads)

SELECT id, v FROM c
----
id | v
1 | 0
2 | 20
3 | 30
9 | NULL

# DELETE
EXPLAIN DELETE FROM p WHERE id = 1
----
plan
delete from p
  search p by primary key: 1 key
  foreign key c_p_fkey of c: they follow
  foreign key c_code_fkey of c: none may be left

EXPLAIN DELETE FROM c AS x WHERE x.v = 30
----
plan
delete from c
  scan c, filtered

EXPLAIN DELETE FROM c USING p WHERE p.id = c.p
----
plan
delete from c
  join by hash of 1 keys
    scan c
    scan p

EXPLAIN DELETE FROM c ORDER BY id DESC LIMIT 1
----
plan
delete from c
  limit
    scan c, backwards

EXPLAIN ANALYZE DELETE FROM p WHERE id = 4
----
plan
delete from p (1 rows, 0 chunk reads)
  search p by primary key: 1 key (1 rows in 1 runs, 0 chunk reads)
  foreign key c_p_fkey of c: they follow
  foreign key c_code_fkey of c: none may be left

EXPLAIN ANALYZE DELETE FROM p WHERE id = 1
----
plan
delete from p (1 rows, 0 chunk reads)
  search p by primary key: 1 key (1 rows in 1 runs, 0 chunk reads)
  foreign key c_p_fkey of c: they follow
  foreign key c_code_fkey of c: none may be left

# What fails has changed nothing
EXPLAIN ANALYZE INSERT INTO p VALUES (7, 'x', 0), (2, 'y', 0)
----
error Violation: table 'p' already has a row with (id) = (2): PRIMARY KEY

SELECT id FROM p
----
id
2
3

SELECT id FROM c
----
id
2
3

# In a transaction, which may be rolled back
BEGIN
----
BEGIN

EXPLAIN ANALYZE DELETE FROM c WHERE id = 3
----
plan
delete from c (1 rows, 0 chunk reads)
  search c by primary key: 1 key (1 rows in 1 runs, 0 chunk reads)

SELECT id FROM c
----
id
2

ROLLBACK
----
ROLLBACK

SELECT id FROM c
----
id
2
3

# Queries
EXPLAIN ANALYZE SELECT p.code, COUNT(*) FROM p JOIN c ON c.p = p.id GROUP BY p.code ORDER BY 1
----
plan
sort by 1 keys (2 rows in 1 runs, 0 chunk reads)
  group by 1 keys (2 rows in 1 runs, 0 chunk reads)
    join by hash of 1 keys (2 rows in 1 runs, 0 chunk reads)
      scan p (2 rows in 1 runs, 0 chunk reads)
      scan c (2 rows in 1 runs, 0 chunk reads)

EXPLAIN ANALYZE SELECT id FROM p WHERE n > (SELECT AVG(n) FROM p) AND EXISTS (SELECT 1 FROM c WHERE c.p = p.id)
----
plan
filter (1 rows in 1 runs, 0 chunk reads)
  scan p (2 rows in 1 runs, 0 chunk reads)
subquery (value), run once
  aggregate all rows (1 rows in 1 runs, 0 chunk reads)
    scan p (2 rows in 1 runs, 0 chunk reads)
subquery (exists), run for each row around it
  search c for what is around it (1 rows in 1 runs, 0 chunk reads)

EXPLAIN ANALYZE SELECT id FROM p WHERE id > 0 LIMIT 1
----
plan
limit (1 rows in 1 runs, 0 chunk reads)
  search p by primary key: 1 range, filtered (1 rows in 1 runs, 0 chunk reads)

# A view is queried, not changed; other statements have no rows to find
CREATE VIEW seen AS SELECT * FROM p
----
CREATE VIEW, commit 14

EXPLAIN UPDATE seen SET n = 0
----
error Invalid: 'seen' is a view: it can be queried, not changed

EXPLAIN ANALYZE UPDATE seen SET n = 0
----
error Invalid: 'seen' is a view: it can be queried, not changed

EXPLAIN CREATE TABLE other (id INTEGER)
----
plan
create table

EXPLAIN ANALYZE CREATE TABLE other (id INTEGER)
----
error Unsupported: not supported: EXPLAIN ANALYZE of CREATE TABLE

EXPLAIN EXPLAIN ANALYZE DELETE FROM c
----
error Sql: syntax error: Explain must be root of the plan

EXPLAIN ANALYZE EXPLAIN ANALYZE DELETE FROM c
----
error Sql: syntax error: Explain must be root of the plan

@prepare EXPLAIN ANALYZE DELETE FROM c WHERE id = :id
----
SHOW
column plan TEXT
parameter 1 :id INTEGER

# Analyzing is writing: not in the past
@as-of scn 5

EXPLAIN ANALYZE DELETE FROM c
----
error ReadOnly: a point in the past is read-only

EXPLAIN DELETE FROM c
----
plan
delete from c
  scan c

@as-of now

SELECT id FROM c
----
id
2
3

# Chunks that were read: of an index and of the rows that it leads to
CREATE TABLE big (a INTEGER, b INTEGER, k INTEGER, note TEXT, PRIMARY KEY (a, b))
----
CREATE TABLE, commit 15

CREATE INDEX big_k ON big (k)
----
CREATE INDEX, commit 16

INSERT INTO big SELECT n / 100, n % 100, n % 1000, 'a note that takes some room in its row' FROM generate_series(0, 4999) AS s (n)
----
INSERT 5000, commit 17

EXPLAIN ANALYZE SELECT COUNT(*) FROM big WHERE note LIKE '%room%'
----
plan
aggregate all rows (1 rows in 1 runs, 75 chunk reads)
  scan big, filtered (5000 rows in 1 runs, 75 chunk reads)

EXPLAIN ANALYZE SELECT note FROM big WHERE a = 25 AND b = 0
----
plan
search big by primary key: 1 key, filtered (1 rows in 1 runs, 2 chunk reads)

EXPLAIN ANALYZE UPDATE big SET note = 'short' WHERE k = 7
----
plan
update big (5 rows, 12 chunk reads)
  search big by index big_k: 1 range, filtered (5 rows in 1 runs, 8 chunk reads)

EXPLAIN ANALYZE DELETE FROM big WHERE a = 25 AND b = 0
----
plan
delete from big (1 rows, 2 chunk reads)
  search big by primary key: 1 key, filtered (1 rows in 1 runs, 2 chunk reads)
