CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT, price DECIMAL(6, 2), at TIMESTAMP, u UUID)

CREATE INDEX t_name ON t (name)

# A name is one value wherever it stands
@params 1, 'one'

INSERT INTO t (id, name, price) VALUES (:id, :name, :id + 0.5) RETURNING id, name, price, :name AS again

@params 2, 'two', 3, 'three'

INSERT INTO t (id, name) VALUES (?, ?), (?, ?)

# Numbers as in SQLite: `?` is one more than the largest so far
@params 10, 20, 30, 40

SELECT ?3 AS third, ? AS fourth, ?1 AS first, $2 AS second

@params 10, 20, 30

SELECT @a AS a, ? AS b, $c AS c, @a AS d

# The sign belongs to the name
@params 1, 2, 3

SELECT :x AS colon, @x AS at, $x AS dollar, :x AS colon_again

# By name, with or without the sign
@params name = 'two', :id = 2

SELECT id, name FROM t WHERE id = :id AND name = @name

@params id = 2, other = 3

SELECT id FROM t WHERE id = :id

@params id = 2

SELECT id FROM t WHERE id = :id OR name = :name

@params id = 2, :id = 3

SELECT id FROM t WHERE id = :id

# Too few values
@params 1

SELECT id FROM t WHERE id = :id OR name = :name

@params 1

SELECT id FROM t WHERE id = ? OR name = ?

SELECT ?0

SELECT ?99999

# Inside texts, comments, quoted names and casts there are none
SELECT ':a @b $c ?' AS text, '1'::INTEGER AS number, 3 AS ":d" /* :e */ -- ?

SELECT '{"a:b": {":c": 1}}' -> 'a:b' AS member

@params '7'

SELECT :n::INTEGER + 1 AS eight, CAST(:n AS INTEGER) AS seven

# A number that a host has as a float finds the row through the key
@params 2.0

EXPLAIN ANALYZE SELECT name FROM t WHERE id = ?

@params 2.0

SELECT name FROM t WHERE id = ?

@params 2.0, 3.0

SELECT name FROM t WHERE id IN (?, ?) ORDER BY id

@params 2.5

SELECT name FROM t WHERE id = ?

@params '2'

SELECT name FROM t WHERE id = ?

@params 1.5, 2.5

SELECT id FROM t WHERE id BETWEEN ? AND ?

# LIMIT and OFFSET take whole numbers, whatever they come as
@params 2.0, 1.0

SELECT id FROM t ORDER BY id LIMIT ? OFFSET ?

@params 1.5

SELECT id FROM t ORDER BY id LIMIT ?

@params 1.5

SELECT id FROM t ORDER BY id LIMIT 1 OFFSET ?

@params 'x'

SELECT id FROM t LIMIT ?

@params NULL

SELECT id FROM t ORDER BY id LIMIT ?

# What is stored is coerced to its column
@params 4.0, 'four', 1, '2024-02-29 12:00:00'

INSERT INTO t (id, name, price, at) VALUES (?, ?, ?, ?) RETURNING *

@params 4.5

INSERT INTO t (id) VALUES (?)

@params 9.0, 4.0

UPDATE t SET price = ?, name = :n WHERE id = ?2

@params 9.0, 'nine', 4.0

UPDATE t SET price = ?, name = :n WHERE id = ?3 RETURNING price, name

@params 4.0

DELETE FROM t WHERE id = :id

# A point in the past
@params 3

SELECT COUNT(*) AS rows FROM t AS OF SCN :scn

# What a statement is, without values
@prepare SELECT id, name, price * 2 AS twice, COUNT(*) OVER () AS n FROM t WHERE id = ? AND name LIKE :pattern LIMIT @few

@prepare SELECT * FROM t WHERE (id, name) = (?, ?) OR at BETWEEN :from AND :to OR u IN (?, ?) OR price > ? * 2

@prepare SELECT ? AS a, CAST(:x AS DATE) AS b, :x AS c

@prepare SELECT name, SUM(price) AS total FROM t GROUP BY name HAVING SUM(price) > :least ORDER BY 2 DESC

@prepare SELECT t.id FROM t JOIN t AS o ON o.id = t.id AND o.name = :name WHERE t.id IN (SELECT id FROM t WHERE price < ?) AND :uuid IN (SELECT u FROM t)

@prepare SELECT CASE name WHEN ? THEN 1 ELSE 2 END AS n FROM t AS OF SCN :scn

@prepare WITH w AS (SELECT id FROM t WHERE name = :a) SELECT * FROM w UNION ALL SELECT :b

@prepare SELECT SUM(id) OVER (ORDER BY id ROWS ? PRECEDING) AS s FROM t

@prepare INSERT INTO t VALUES (?, ?, ?, ?, ?)

@prepare INSERT INTO t (name, id) VALUES (:name, :id), (UPPER(:name), DEFAULT) ON CONFLICT (id) DO UPDATE SET price = :price WHERE excluded.name <> :not RETURNING id, UPPER(name) AS big

@prepare INSERT INTO t (at, u) SELECT :at, :u FROM t WHERE id = :id

@prepare UPDATE t SET name = ?, price = (:price) WHERE id = :id RETURNING *

@prepare UPDATE t SET (name, at) = (:n, :at) FROM t AS o WHERE o.id = t.id AND o.name = :o RETURNING t.id, o.name

@prepare UPDATE t SET name = (SELECT name FROM t WHERE id = ?) WHERE price = (SELECT MAX(price) FROM t) LIMIT :n

@prepare DELETE FROM t WHERE u = :u RETURNING id, (SELECT COUNT(*) FROM t) AS n

@prepare EXPLAIN SELECT id FROM t WHERE id = ?

@prepare CREATE TABLE u (id INTEGER)

@prepare DROP INDEX t_name

@prepare BEGIN

@prepare SHOW TABLES

@prepare MERGE BRANCH a INTO main

@prepare SELECT missing FROM t WHERE id = ?

@prepare INSERT INTO t (id) VALUES (?, ?)

@prepare DELETE FROM nothing

# Nothing was done
SELECT COUNT(*) AS rows FROM t
