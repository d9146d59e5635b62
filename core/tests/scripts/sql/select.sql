CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT, age INT, score REAL)
----
CREATE TABLE, commit 2

INSERT INTO t VALUES (1, 'ann', 30, 1.5), (2, 'bob', 25, 2.5), (3, 'cy', NULL, NULL), (4, 'dee', 30, 0.5)
----
INSERT 4, ids 1 2 3 4, commit 3

SELECT 1 + 2 * 3, 'a' || 'b', 7 / 2, 7.0 / 2, 1e3 / 3 > 333, NULL IS NULL
----
1 + 2 * 3 | 'a' || 'b' | 7 / 2 | 7.0 / 2 | CAST('1e3' AS DOUBLE) / 3 > 333 | NULL IS NULL
7 | ab | 3 | 3.5 | true | true

SELECT * FROM t WHERE age = 30 ORDER BY score
----
id | name | age | score
4 | dee | 30 | 0.5
1 | ann | 30 | 1.5

SELECT name AS n, age * 2 FROM t WHERE id BETWEEN 2 AND 3
----
n | age * 2
bob | 50
cy | NULL

SELECT T.Name FROM t WHERE t.AGE > 26 OR id = 3
----
name
ann
cy
dee

SELECT x.id FROM t AS x WHERE x.name LIKE '%e%' ORDER BY 1 DESC
----
id
4

# NULL is the smallest; NULLS LAST puts it behind.
SELECT id, age FROM t ORDER BY age, id DESC
----
id | age
3 | NULL
2 | 25
4 | 30
1 | 30

SELECT id, age FROM t ORDER BY age DESC, id
----
id | age
1 | 30
4 | 30
2 | 25
3 | NULL

SELECT id, age FROM t ORDER BY age NULLS LAST, name DESC
----
id | age
2 | 25
4 | 30
1 | 30
3 | NULL

SELECT id FROM t ORDER BY -id LIMIT 2
----
id
4
3

SELECT id FROM t ORDER BY id LIMIT 2 OFFSET 1
----
id
2
3

SELECT id FROM t ORDER BY id DESC LIMIT 1
----
id
4

SELECT id FROM t LIMIT 0
----
id

SELECT id FROM t LIMIT 2 OFFSET 3
----
id
4

SELECT id FROM t ORDER BY id DESC LIMIT 2 OFFSET 3
----
id
1

SELECT id FROM t ORDER BY id DESC OFFSET 1
----
id
3
2
1

SELECT id FROM t OFFSET 4
----
id

SELECT id FROM t ORDER BY id DESC OFFSET 99
----
id

SELECT id FROM t LIMIT 1, 2
----
id
2
3

SELECT id FROM t LIMIT -1
----
id
1
2
3
4

SELECT DISTINCT age FROM t ORDER BY age
----
age
NULL
25
30

SELECT age AS years FROM t ORDER BY years DESC LIMIT 2
----
years
30
30

SELECT id FROM t ORDER BY 2
----
error Sql: ORDER BY 2: no such column

# Three-valued logic.
SELECT id FROM t WHERE age <> 30
----
id
2

SELECT id FROM t WHERE NOT (age = 30)
----
id
2

SELECT id FROM t WHERE age NOT IN (25, NULL)
----
id

SELECT id FROM t WHERE age IS NOT DISTINCT FROM NULL
----
id
3

SELECT id FROM t WHERE age > 26 OR id > 0
----
id
1
2
3
4

SELECT id FROM t WHERE age = NULL
----
id

SELECT CASE WHEN age >= 30 THEN 'old' WHEN age IS NULL THEN '?' ELSE 'young' END AS kind FROM t
----
kind
old
young
?
old

SELECT id FROM t WHERE score = 0.5
----
id
4

SELECT id FROM t WHERE id = '2'
----
id
2

SELECT id FROM t WHERE id = 2.0
----
id
2

SELECT id FROM t WHERE id > 2.5
----
id
3
4

SELECT id FROM t WHERE id = 'x'
----
error Value: 'x' is not a valid INTEGER; write a number such as 42 or 1.5

# Aggregates.
SELECT COUNT(*), COUNT(age), SUM(age), AVG(age), MIN(name), MAX(score), TOTAL(age) FROM t
----
COUNT(*) | COUNT(age) | SUM(age) | AVG(age) | MIN(name) | MAX(score) | TOTAL(age)
4 | 3 | 85 | 28.333333333333332 | ann | 2.5 | 85.0

SELECT COUNT(*) AS total FROM t WHERE id > 100
----
total
0

SELECT SUM(age), MIN(age), AVG(age), TOTAL(age) FROM t WHERE id > 100
----
SUM(age) | MIN(age) | AVG(age) | TOTAL(age)
NULL | NULL | NULL | 0.0

SELECT age, COUNT(*) AS n, SUM(score) FROM t GROUP BY age ORDER BY n DESC, age
----
age | n | SUM(score)
30 | 2 | 2.0
NULL | 1 | NULL
25 | 1 | 2.5

SELECT age, COUNT(*) FROM t GROUP BY 1 HAVING COUNT(*) > 1
----
age | COUNT(*)
30 | 2

SELECT age > 26 AS older, COUNT(DISTINCT age) FROM t GROUP BY age > 26
----
older | COUNT(DISTINCT age)
true | 1
false | 1
NULL | 0

SELECT COUNT(*) FILTER (WHERE age = 30) FROM t
----
COUNT(*) FILTER (WHERE age = 30)
2

SELECT MAX(age) - MIN(age) + COUNT(*) FROM t
----
MAX(age) - MIN(age) + COUNT(*)
9

SELECT name FROM t GROUP BY age
----
error Sql: name must stand in GROUP BY or inside an aggregate function

SELECT SUM(name) FROM t
----
error Sql: SUM does not take a value of type TEXT; CAST it

SELECT name FROM t WHERE COUNT(*) > 1
----
error Sql: the aggregate COUNT cannot stand here

SELECT MAX(1, 2, 3), MIN('b', 'a')
----
MAX(1, 2, 3) | MIN('b', 'a')
3 | a

# Functions with a syntax of their own.
SELECT SUBSTRING('hello' FROM 2 FOR 3), TRIM(BOTH 'x' FROM 'xax'), POSITION('l' IN 'hello'), EXTRACT(YEAR FROM DATE '2025-12-01'), CAST('12' AS INTEGER) + 1, '5'::INT
----
SUBSTRING('hello' FROM 2 FOR 3) | TRIM(BOTH 'x' FROM 'xax') | POSITION('l' IN 'hello') | EXTRACT(YEAR FROM DATE '2025-12-01') | CAST('12' AS INTEGER) + 1 | '5'::INT
ell | a | 3 | 2025 | 13 | 5

SELECT COALESCE(NULL, 2), NULLIF(1, 1), IIF(1 > 0, 'y', 'n'), ROUND(2.567, 1), UPPER('é'), LENGTH('héé')
----
COALESCE(NULL, 2) | NULLIF(1, 1) | IIF(1 > 0, 'y', 'n') | ROUND(2.567, 1) | UPPER('é') | LENGTH('héé')
2 | NULL | y | 2.6 | É | 3

SELECT DATE '2025-01-31' + INTERVAL '1' DAY, TIMESTAMP '2025-01-01 00:00:00' < NOW()
----
DATE '2025-01-31' + INTERVAL '1' DAY | TIMESTAMP '2025-01-01 00:00:00' < NOW()
2025-02-01 00:00:00 | false

# Subqueries that stand by themselves.
SELECT name FROM t WHERE age = (SELECT MAX(age) FROM t) AND id IN (SELECT id FROM t WHERE score > 1)
----
name
ann

SELECT EXISTS (SELECT 1 FROM t WHERE id = 99), (SELECT name FROM t WHERE id = 99)
----
EXISTS (SELECT 1 FROM t WHERE id = 99) | (SELECT name FROM t WHERE id = 99)
false | NULL

SELECT (SELECT id FROM t)
----
error Sql: a subquery that stands for a value gave several rows

# What is not there, and what is not run.
SELECT nope FROM t
----
error NotFound: column 'nope' does not exist

SELECT id FROM nope
----
error NotFound: table 'nope' does not exist

SELECT x.id FROM t
----
error NotFound: column 'x.id' does not exist

SELECT * FROM
----
error Sql: syntax error: Expected: identifier, found: EOF

SELECT 1; SELECT 2
----
error Sql: syntax error: one statement at a time, found 'SELECT' at Line: 1, Column: 11

SELECT NOPE(1)
----
error Unsupported: not supported: the function NOPE

SELECT ROW_NUMBER() OVER (ORDER BY id) FROM t
----
ROW_NUMBER() OVER (ORDER BY id)
1
2
3
4

SELECT t.name, (SELECT COUNT(*) FROM t AS u WHERE u.id < t.id) FROM t
----
name | (SELECT COUNT(*) FROM t AS u WHERE u.id < t.id)
ann | 0
bob | 1
cy | 2
dee | 3
