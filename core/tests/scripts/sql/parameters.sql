CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT, price DECIMAL(6, 2), at TIMESTAMP, u UUID)
----
CREATE TABLE, commit 2

CREATE INDEX t_name ON t (name)
----
CREATE INDEX, commit 3

# A name is one value wherever it stands
@params 1, 'one'

INSERT INTO t (id, name, price) VALUES (:id, :name, :id + 0.5) RETURNING id, name, price, :name AS again
----
INSERT 1, ids 1, commit 4
id | name | price | again
1 | one | 1.5 | one

@params 2, 'two', 3, 'three'

INSERT INTO t (id, name) VALUES (?, ?), (?, ?)
----
INSERT 2, ids 2 3, commit 5

# Numbers as in SQLite: `?` is one more than the largest so far
@params 10, 20, 30, 40

SELECT ?3 AS third, ? AS fourth, ?1 AS first, $2 AS second
----
third | fourth | first | second
30 | 40 | 10 | 20

@params 10, 20, 30

SELECT @a AS a, ? AS b, $c AS c, @a AS d
----
a | b | c | d
10 | 20 | 30 | 10

# The sign belongs to the name
@params 1, 2, 3

SELECT :x AS colon, @x AS at, $x AS dollar, :x AS colon_again
----
colon | at | dollar | colon_again
1 | 2 | 3 | 1

# By name, with or without the sign
@params name = 'two', :id = 2

SELECT id, name FROM t WHERE id = :id AND name = @name
----
id | name
2 | two

@params id = 2, other = 3

SELECT id FROM t WHERE id = :id
----
error Sql: the statement has no parameter 'other'

@params id = 2

SELECT id FROM t WHERE id = :id OR name = :name
----
error Sql: the parameter :name is given no value

@params id = 2, :id = 3

SELECT id FROM t WHERE id = :id
----
error Sql: the parameter :id is given twice

# Too few values
@params 1

SELECT id FROM t WHERE id = :id OR name = :name
----
error Sql: there is no value for the parameter :name, which is number 2: 1 were given

@params 1

SELECT id FROM t WHERE id = ? OR name = ?
----
error Sql: there is no parameter $2: 1 were given

# Too many
@params 1, 2

SELECT id FROM t WHERE id = ?
----
error Sql: 2 values were given for 1 parameters

@params 1

DELETE FROM t
----
error Sql: 1 values were given for 0 parameters

SELECT ?0
----
error Sql: the parameter ?0: numbers are from 1 to 32766

SELECT ?99999
----
error Sql: the parameter ?99999: numbers are from 1 to 32766

# Inside texts, comments, quoted names and casts there are none
SELECT ':a @b $c ?' AS text, '1'::INTEGER AS number, 3 AS ":d" /* :e */ -- ?
----
text | number | :d
:a @b $c ? | 1 | 3

SELECT '{"a:b": {":c": 1}}' -> 'a:b' AS member
----
member
{":c":1}

@params '7'

SELECT :n::INTEGER + 1 AS eight, CAST(:n AS INTEGER) AS seven
----
eight | seven
8 | 7

# A number that a host has as a float finds the row through the key
@params 2.0

EXPLAIN ANALYZE SELECT name FROM t WHERE id = ?
----
plan
search t by primary key: 1 key, filtered (1 rows in 1 runs, 0 chunk reads)

@params 2.0

SELECT name FROM t WHERE id = ?
----
name
two

@params 2.0, 3.0

SELECT name FROM t WHERE id IN (?, ?) ORDER BY id
----
name
two
three

@params 2.5

SELECT name FROM t WHERE id = ?
----
name

@params '2'

SELECT name FROM t WHERE id = ?
----
name
two

@params 1.5, 2.5

SELECT id FROM t WHERE id BETWEEN ? AND ?
----
id
2

# LIMIT and OFFSET take whole numbers, whatever they come as
@params 2.0, 1.0

SELECT id FROM t ORDER BY id LIMIT ? OFFSET ?
----
id
2
3

@params 1.5

SELECT id FROM t ORDER BY id LIMIT ?
----
error Sql: LIMIT must be a whole number

@params 1.5

SELECT id FROM t ORDER BY id LIMIT 1 OFFSET ?
----
error Sql: OFFSET must be a whole number

@params 'x'

SELECT id FROM t LIMIT ?
----
error Sql: LIMIT must be a whole number

@params NULL

SELECT id FROM t ORDER BY id LIMIT ?
----
id
1
2
3

# What is stored is coerced to its column
@params 4.0, 'four', 1, '2024-02-29 12:00:00'

INSERT INTO t (id, name, price, at) VALUES (?, ?, ?, ?) RETURNING *
----
INSERT 1, ids 4, commit 6
id | name | price | at | u
4 | four | 1 | 2024-02-29 12:00:00 | NULL

@params 4.5

INSERT INTO t (id) VALUES (?)
----
error Value: 4.5 has a fraction, which INTEGER cannot hold; use ROUND or CAST

@params 9.0, 4.0

UPDATE t SET price = ?, name = :n WHERE id = ?2
----
UPDATE 1, commit 7

@params 9.0, 'nine', 4.0

UPDATE t SET price = ?, name = :n WHERE id = ?3 RETURNING price, name
----
UPDATE 1, commit 8
price | name
9 | nine

@params 4.0

DELETE FROM t WHERE id = :id
----
DELETE 1, commit 9

# A point in the past
@params 3

SELECT COUNT(*) AS rows FROM t AS OF SCN :scn
----
rows
0

# What a statement is, without values
@prepare SELECT id, name, price * 2 AS twice, COUNT(*) OVER () AS n FROM t WHERE id = ? AND name LIKE :pattern LIMIT @few
----
SELECT
column id INTEGER
column name TEXT
column twice DECIMAL
column n BIGINT
parameter 1 - INTEGER
parameter 2 :pattern TEXT
parameter 3 @few BIGINT

@prepare SELECT * FROM t WHERE (id, name) = (?, ?) OR at BETWEEN :from AND :to OR u IN (?, ?) OR price > ? * 2
----
SELECT
column id INTEGER
column name TEXT
column price DECIMAL(6,2)
column at TIMESTAMP
column u UUID
parameter 1 - INTEGER
parameter 2 - TEXT
parameter 3 :from TIMESTAMP
parameter 4 :to TIMESTAMP
parameter 5 - UUID
parameter 6 - UUID
parameter 7 - ANY

@prepare SELECT ? AS a, CAST(:x AS DATE) AS b, :x AS c
----
SELECT
column a ANY
column b DATE
column c DATE
parameter 1 - ANY
parameter 2 :x DATE

@prepare SELECT name, SUM(price) AS total FROM t GROUP BY name HAVING SUM(price) > :least ORDER BY 2 DESC
----
SELECT
column name TEXT
column total DECIMAL(6,2)
parameter 1 :least DECIMAL(6,2)

@prepare SELECT t.id FROM t JOIN t AS o ON o.id = t.id AND o.name = :name WHERE t.id IN (SELECT id FROM t WHERE price < ?) AND :uuid IN (SELECT u FROM t)
----
SELECT
column id INTEGER
parameter 1 :name TEXT
parameter 2 - DECIMAL(6,2)
parameter 3 :uuid UUID

@prepare SELECT CASE name WHEN ? THEN 1 ELSE 2 END AS n FROM t AS OF SCN :scn
----
SELECT
column n INTEGER
parameter 1 - TEXT
parameter 2 :scn ANY

@prepare WITH w AS (SELECT id FROM t WHERE name = :a) SELECT * FROM w UNION ALL SELECT :b
----
SELECT
column id INTEGER
parameter 1 :a TEXT
parameter 2 :b ANY

@prepare SELECT SUM(id) OVER (ORDER BY id ROWS ? PRECEDING) AS s FROM t
----
SELECT
column s BIGINT
parameter 1 - ANY

@prepare INSERT INTO t VALUES (?, ?, ?, ?, ?)
----
INSERT
parameter 1 - INTEGER
parameter 2 - TEXT
parameter 3 - DECIMAL(6,2)
parameter 4 - TIMESTAMP
parameter 5 - UUID

@prepare INSERT INTO t (name, id) VALUES (:name, :id), (UPPER(:name), DEFAULT) ON CONFLICT (id) DO UPDATE SET price = :price WHERE excluded.name <> :not RETURNING id, UPPER(name) AS big
----
INSERT
column id INTEGER
column big TEXT
parameter 1 :name TEXT
parameter 2 :id INTEGER
parameter 3 :price DECIMAL(6,2)
parameter 4 :not TEXT

@prepare INSERT INTO t (at, u) SELECT :at, :u FROM t WHERE id = :id
----
INSERT
parameter 1 :at TIMESTAMP
parameter 2 :u UUID
parameter 3 :id INTEGER

@prepare UPDATE t SET name = ?, price = (:price) WHERE id = :id RETURNING *
----
UPDATE
column id INTEGER
column name TEXT
column price DECIMAL(6,2)
column at TIMESTAMP
column u UUID
parameter 1 - TEXT
parameter 2 :price DECIMAL(6,2)
parameter 3 :id INTEGER

@prepare UPDATE t SET (name, at) = (:n, :at) FROM t AS o WHERE o.id = t.id AND o.name = :o RETURNING t.id, o.name
----
UPDATE
column id INTEGER
column name TEXT
parameter 1 :n TEXT
parameter 2 :at TIMESTAMP
parameter 3 :o TEXT

@prepare UPDATE t SET name = (SELECT name FROM t WHERE id = ?) WHERE price = (SELECT MAX(price) FROM t) LIMIT :n
----
UPDATE
parameter 1 - INTEGER
parameter 2 :n BIGINT

@prepare DELETE FROM t WHERE u = :u RETURNING id, (SELECT COUNT(*) FROM t) AS n
----
DELETE
column id INTEGER
column n BIGINT
parameter 1 :u UUID

@prepare EXPLAIN SELECT id FROM t WHERE id = ?
----
SHOW
column plan TEXT
parameter 1 - INTEGER

@prepare CREATE TABLE u (id INTEGER)
----
CREATE_TABLE

@prepare DROP INDEX t_name
----
DROP_INDEX

@prepare BEGIN
----
BEGIN

@prepare SHOW TABLES
----
SHOW
column table_name TEXT

@prepare MERGE BRANCH a INTO main
----
MERGE_BRANCH
column changes_merged BIGINT
column schema_changed BOOLEAN
column conflicts_resolved BIGINT
column dry_run BOOLEAN

@prepare SELECT missing FROM t WHERE id = ?
----
error NotFound: column 'missing' does not exist

@prepare INSERT INTO t (id) VALUES (?, ?)
----
error Sql: a row of 2 values for 1 columns of 't'

@prepare DELETE FROM nothing
----
error NotFound: table 'nothing' does not exist

# Nothing was done
SELECT COUNT(*) AS rows FROM t
----
rows
3
