# Queries of every form; SQLite gives the same rows.

CREATE TABLE emp (id INTEGER PRIMARY KEY, name TEXT NOT NULL, dept INTEGER, boss INTEGER, pay INTEGER, hired TEXT)
----
CREATE TABLE, commit 2

INSERT INTO emp VALUES (1,'Ann',10,NULL,900,'2020-01-05'),(2,'Bob',10,1,700,'2021-03-01'),(3,'Cy',20,1,700,'2021-07-09'),(4,'Dee',20,3,500,NULL),(5,'Eve',NULL,3,400,'2022-02-02'),(6,'Fay',30,2,NULL,'2022-02-02')
----
INSERT 6, ids 1 2 3 4 5 6, commit 3

CREATE TABLE dept (id INTEGER PRIMARY KEY, title TEXT, budget INTEGER)
----
CREATE TABLE, commit 4

INSERT INTO dept VALUES (10,'Sales',5000),(20,'Labs',3000),(40,'Empty',NULL)
----
INSERT 3, ids 10 20 40, commit 5

CREATE TABLE a (x INTEGER, y TEXT)
----
CREATE TABLE, commit 6

INSERT INTO a VALUES (1,'p'),(2,'q'),(2,'q'),(3,NULL),(NULL,'z')
----
INSERT 5, commit 7

CREATE TABLE b (x INTEGER, z TEXT)
----
CREATE TABLE, commit 8

INSERT INTO b VALUES (2,'m'),(3,'n'),(3,'o'),(5,'k'),(NULL,'w')
----
INSERT 5, commit 9

SELECT e.name, d.title FROM emp e LEFT JOIN dept d ON d.id = e.dept ORDER BY e.id
----
name | title
Ann | Sales
Bob | Sales
Cy | Labs
Dee | Labs
Eve | NULL
Fay | NULL

SELECT e.name, d.title FROM emp e RIGHT JOIN dept d ON d.id = e.dept ORDER BY d.id, e.id
----
name | title
Ann | Sales
Bob | Sales
Cy | Labs
Dee | Labs
NULL | Empty

SELECT e.name, d.title FROM emp e FULL JOIN dept d ON d.id = e.dept ORDER BY e.id, d.id
----
name | title
NULL | Empty
Ann | Sales
Bob | Sales
Cy | Labs
Dee | Labs
Eve | NULL
Fay | NULL

SELECT e.name, d.title FROM emp e FULL OUTER JOIN dept d ON d.id = e.dept AND e.pay > 600 ORDER BY e.id, d.id
----
name | title
NULL | Empty
Ann | Sales
Bob | Sales
Cy | Labs
Dee | NULL
Eve | NULL
Fay | NULL

SELECT * FROM a JOIN b USING (x) ORDER BY x, y, z
----
x | y | z
2 | q | m
2 | q | m
3 | NULL | n
3 | NULL | o

SELECT * FROM a LEFT JOIN b USING (x) ORDER BY x, y, z
----
x | y | z
NULL | z | NULL
1 | p | NULL
2 | q | m
2 | q | m
3 | NULL | n
3 | NULL | o

SELECT * FROM a FULL JOIN b USING (x) ORDER BY x, y, z
----
x | y | z
NULL | NULL | w
NULL | z | NULL
1 | p | NULL
2 | q | m
2 | q | m
3 | NULL | n
3 | NULL | o
5 | NULL | k

SELECT x, y, z FROM a NATURAL JOIN b ORDER BY 1, 2, 3
----
x | y | z
2 | q | m
2 | q | m
3 | NULL | n
3 | NULL | o

SELECT COUNT(*) FROM a CROSS JOIN b
----
COUNT(*)
25

SELECT COUNT(*) FROM a, b WHERE a.x = b.x
----
COUNT(*)
4

SELECT COUNT(*) FROM a, b WHERE a.x < b.x
----
COUNT(*)
11

SELECT a.x, b.x FROM a LEFT JOIN b ON a.x < b.x AND b.z > 'l' ORDER BY 1, 2
----
x | x
NULL | NULL
1 | 2
1 | 3
1 | 3
2 | 3
2 | 3
2 | 3
2 | 3
3 | NULL

SELECT a.x, b.x FROM a LEFT JOIN b ON a.x = b.x WHERE b.x IS NULL ORDER BY 1
----
x | x
NULL | NULL
1 | NULL

SELECT e.name, b.name FROM emp e JOIN emp b ON e.boss = b.id ORDER BY e.id
----
name | name
Bob | Ann
Cy | Ann
Dee | Cy
Eve | Cy
Fay | Bob

SELECT e.name, b.name, c.name FROM emp e LEFT JOIN emp b ON e.boss = b.id LEFT JOIN emp c ON b.boss = c.id ORDER BY e.id
----
name | name | name
Ann | NULL | NULL
Bob | Ann | NULL
Cy | Ann | NULL
Dee | Cy | Ann
Eve | Cy | Ann
Fay | Bob | Ann

SELECT name FROM emp e WHERE pay = (SELECT MAX(pay) FROM emp WHERE dept = e.dept) ORDER BY name
----
name
Ann
Cy

SELECT name, (SELECT title FROM dept d WHERE d.id = e.dept) FROM emp e ORDER BY id
----
name | (SELECT title FROM dept AS d WHERE d.id = e.dept)
Ann | Sales
Bob | Sales
Cy | Labs
Dee | Labs
Eve | NULL
Fay | NULL

SELECT title FROM dept d WHERE EXISTS (SELECT 1 FROM emp e WHERE e.dept = d.id) ORDER BY 1
----
title
Labs
Sales

SELECT title FROM dept d WHERE NOT EXISTS (SELECT 1 FROM emp e WHERE e.dept = d.id AND e.pay > 600) ORDER BY 1
----
title
Empty

SELECT name FROM emp WHERE dept IN (SELECT id FROM dept WHERE budget > 4000) ORDER BY 1
----
name
Ann
Bob

SELECT name FROM emp WHERE dept NOT IN (SELECT id FROM dept WHERE budget > 4000) ORDER BY 1
----
name
Cy
Dee
Fay

SELECT x FROM a WHERE x NOT IN (SELECT x FROM b) ORDER BY 1
----
x

SELECT x IN (SELECT x FROM b) FROM a ORDER BY 1
----
x IN (SELECT x FROM b)
NULL
NULL
true
true
true

SELECT x IN (SELECT x FROM b WHERE 0) FROM a ORDER BY 1
----
x IN (SELECT x FROM b WHERE 0)
false
false
false
false
false

SELECT name FROM emp e WHERE (SELECT COUNT(*) FROM emp f WHERE f.boss = e.id) > 1 ORDER BY 1
----
name
Ann
Cy

SELECT dept, COUNT(*), SUM(pay), AVG(pay), MIN(name), MAX(hired) FROM emp GROUP BY dept ORDER BY dept
----
dept | COUNT(*) | SUM(pay) | AVG(pay) | MIN(name) | MAX(hired)
NULL | 1 | 400 | 400.0 | Eve | 2022-02-02
10 | 2 | 1600 | 800.0 | Ann | 2021-03-01
20 | 2 | 1200 | 600.0 | Cy | 2021-07-09
30 | 1 | NULL | NULL | Fay | 2022-02-02

SELECT dept d2, COUNT(*) c FROM emp GROUP BY d2 HAVING c > 1 ORDER BY d2
----
d2 | c
10 | 2
20 | 2

SELECT dept, COUNT(*) FROM emp GROUP BY 1 HAVING COUNT(*) > 1 ORDER BY 1
----
dept | COUNT(*)
10 | 2
20 | 2

SELECT pay / 100 AS h, COUNT(*) FROM emp GROUP BY pay / 100 ORDER BY 1
----
h | COUNT(*)
NULL | 1
4 | 1
5 | 1
7 | 2
9 | 1

SELECT COUNT(*) FILTER (WHERE pay > 600), COUNT(DISTINCT pay), COUNT(pay) FROM emp
----
COUNT(*) FILTER (WHERE pay > 600) | COUNT(DISTINCT pay) | COUNT(pay)
3 | 4 | 5

SELECT dept, (SELECT title FROM dept d WHERE d.id = e.dept), COUNT(*) FROM emp e GROUP BY dept ORDER BY dept
----
dept | (SELECT title FROM dept AS d WHERE d.id = e.dept) | COUNT(*)
NULL | NULL | 1
10 | Sales | 2
20 | Labs | 2
30 | NULL | 1

SELECT dept FROM emp GROUP BY dept HAVING SUM(pay) > (SELECT AVG(budget) / 5 FROM dept) ORDER BY 1
----
dept
10
20

SELECT x FROM a UNION SELECT x FROM b ORDER BY 1
----
x
NULL
1
2
3
5

SELECT x FROM a UNION ALL SELECT x FROM b ORDER BY 1
----
x
NULL
NULL
1
2
2
2
3
3
3
5

SELECT x FROM a INTERSECT SELECT x FROM b ORDER BY 1
----
x
NULL
2
3

SELECT x FROM a EXCEPT SELECT x FROM b ORDER BY 1
----
x
1

SELECT x, y FROM a UNION SELECT x, z FROM b ORDER BY y DESC, x LIMIT 4 OFFSET 1
----
x | y
NULL | w
2 | q
1 | p
3 | o

SELECT * FROM (SELECT x AS k FROM a UNION ALL SELECT x FROM b) t WHERE k > 2 ORDER BY k
----
k
3
3
3
5

WITH t AS (SELECT dept, SUM(pay) s FROM emp GROUP BY dept) SELECT d.title, t.s FROM t JOIN dept d ON d.id = t.dept ORDER BY 1
----
title | s
Labs | 1200
Sales | 1600

WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 6) SELECT i, i * i FROM n
----
i | i * i
1 | 1
2 | 4
3 | 9
4 | 16
5 | 25
6 | 36

WITH RECURSIVE up(id, name, boss, depth) AS (SELECT id, name, boss, 0 FROM emp WHERE id = 6 UNION ALL SELECT e.id, e.name, e.boss, depth + 1 FROM emp e JOIN up ON e.id = up.boss) SELECT name, depth FROM up ORDER BY depth
----
name | depth
Fay | 0
Bob | 1
Ann | 2

WITH RECURSIVE r(x) AS (SELECT 1 UNION SELECT (x * 2) % 11 FROM r) SELECT x FROM r ORDER BY x
----
x
1
2
3
4
5
6
7
8
9
10

WITH a2 AS (SELECT x FROM a WHERE x > 1), b2 AS (SELECT x FROM a2 UNION SELECT 9) SELECT * FROM b2 ORDER BY x
----
x
2
3
9

SELECT name, ROW_NUMBER() OVER (ORDER BY pay DESC, id) FROM emp ORDER BY id
----
name | ROW_NUMBER() OVER (ORDER BY pay DESC, id)
Ann | 1
Bob | 2
Cy | 3
Dee | 4
Eve | 5
Fay | 6

SELECT name, dept, RANK() OVER (PARTITION BY dept ORDER BY pay DESC) FROM emp ORDER BY id
----
name | dept | RANK() OVER (PARTITION BY dept ORDER BY pay DESC)
Ann | 10 | 1
Bob | 10 | 2
Cy | 20 | 1
Dee | 20 | 2
Eve | NULL | 1
Fay | 30 | 1

SELECT name, DENSE_RANK() OVER (ORDER BY pay), PERCENT_RANK() OVER (ORDER BY pay), CUME_DIST() OVER (ORDER BY pay) FROM emp ORDER BY id
----
name | DENSE_RANK() OVER (ORDER BY pay) | PERCENT_RANK() OVER (ORDER BY pay) | CUME_DIST() OVER (ORDER BY pay)
Ann | 5 | 1.0 | 1.0
Bob | 4 | 0.6 | 0.8333333333333334
Cy | 4 | 0.6 | 0.8333333333333334
Dee | 3 | 0.4 | 0.5
Eve | 2 | 0.2 | 0.3333333333333333
Fay | 1 | 0.0 | 0.16666666666666666

SELECT name, SUM(pay) OVER (ORDER BY id), SUM(pay) OVER (PARTITION BY dept), COUNT(*) OVER () FROM emp ORDER BY id
----
name | SUM(pay) OVER (ORDER BY id) | SUM(pay) OVER (PARTITION BY dept) | COUNT(*) OVER ()
Ann | 900 | 1600 | 6
Bob | 1600 | 1600 | 6
Cy | 2300 | 1200 | 6
Dee | 2800 | 1200 | 6
Eve | 3200 | 400 | 6
Fay | 3200 | NULL | 6

SELECT id, SUM(id) OVER (ORDER BY id ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING) FROM emp ORDER BY id
----
id | SUM(id) OVER (ORDER BY id ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING)
1 | 3
2 | 6
3 | 9
4 | 12
5 | 15
6 | 11

SELECT id, SUM(id) OVER (ORDER BY pay RANGE BETWEEN 200 PRECEDING AND CURRENT ROW) FROM emp ORDER BY id
----
id | SUM(id) OVER (ORDER BY pay RANGE BETWEEN 200 PRECEDING AND CURRENT ROW)
1 | 6
2 | 9
3 | 9
4 | 9
5 | 5
6 | 6

SELECT id, SUM(id) OVER (ORDER BY pay GROUPS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM emp ORDER BY id
----
id | SUM(id) OVER (ORDER BY pay GROUPS BETWEEN 1 PRECEDING AND CURRENT ROW)
1 | 6
2 | 9
3 | 9
4 | 9
5 | 11
6 | 6

SELECT id, LAG(name) OVER (ORDER BY id), LEAD(name, 2, 'none') OVER (ORDER BY id), FIRST_VALUE(name) OVER (PARTITION BY dept ORDER BY id), LAST_VALUE(name) OVER (PARTITION BY dept ORDER BY id), NTH_VALUE(name, 2) OVER (ORDER BY id) FROM emp ORDER BY id
----
id | LAG(name) OVER (ORDER BY id) | LEAD(name, 2, 'none') OVER (ORDER BY id) | FIRST_VALUE(name) OVER (PARTITION BY dept ORDER BY id) | LAST_VALUE(name) OVER (PARTITION BY dept ORDER BY id) | NTH_VALUE(name, 2) OVER (ORDER BY id)
1 | NULL | Cy | Ann | Ann | NULL
2 | Ann | Dee | Ann | Bob | Bob
3 | Bob | Eve | Cy | Cy | Bob
4 | Cy | Fay | Cy | Dee | Bob
5 | Dee | none | Eve | Eve | Bob
6 | Eve | none | Fay | Fay | Bob

SELECT id, NTILE(4) OVER (ORDER BY id) FROM emp ORDER BY id
----
id | NTILE(4) OVER (ORDER BY id)
1 | 1
2 | 1
3 | 2
4 | 2
5 | 3
6 | 4

SELECT dept, SUM(SUM(pay)) OVER (ORDER BY dept) FROM emp GROUP BY dept ORDER BY dept
----
dept | SUM(SUM(pay)) OVER (ORDER BY dept)
NULL | 400
10 | 2000
20 | 3200
30 | 3200

SELECT id, SUM(pay) OVER w, AVG(pay) OVER w FROM emp WINDOW w AS (PARTITION BY dept ORDER BY id) ORDER BY id
----
id | SUM(pay) OVER w | AVG(pay) OVER w
1 | 900 | 900.0
2 | 1600 | 800.0
3 | 700 | 700.0
4 | 1200 | 600.0
5 | 400 | 400.0
6 | NULL | NULL

SELECT DISTINCT dept FROM emp ORDER BY dept
----
dept
NULL
10
20
30

SELECT DISTINCT dept, pay > 600 FROM emp ORDER BY 1, 2
----
dept | pay > 600
NULL | false
10 | true
20 | false
20 | true
30 | NULL

SELECT name FROM emp ORDER BY pay DESC NULLS LAST, name
----
name
Ann
Bob
Cy
Dee
Eve
Fay

SELECT name FROM emp ORDER BY pay NULLS FIRST, name LIMIT 3
----
name
Fay
Eve
Dee

SELECT name FROM emp ORDER BY hired DESC, id DESC LIMIT 2 OFFSET 1
----
name
Eve
Cy

SELECT name AS pay FROM emp ORDER BY pay
----
pay
Ann
Bob
Cy
Dee
Eve
Fay

SELECT COUNT(*), MIN(id), MAX(id), SUM(id) FROM emp WHERE id BETWEEN 2 AND 4
----
COUNT(*) | MIN(id) | MAX(id) | SUM(id)
3 | 2 | 4 | 9

SELECT MAX(id) FROM emp
----
MAX(id)
6

SELECT MIN(x), MAX(x) FROM a
----
MIN(x) | MAX(x)
1 | 3

SELECT SUM(x) FROM a WHERE x > 100
----
SUM(x)
NULL

SELECT GROUP_CONCAT(name, '-') FROM (SELECT name FROM emp ORDER BY id) t
----
GROUP_CONCAT(name, '-')
Ann-Bob-Cy-Dee-Eve-Fay

SELECT 1 WHERE NULL
----
1

SELECT 1 UNION SELECT NULL ORDER BY 1
----
1
NULL
1

SELECT (SELECT y FROM a WHERE x = 99)
----
(SELECT y FROM a WHERE x = 99)
NULL

SELECT * FROM (VALUES (1, 'a'), (2, 'b')) ORDER BY 1 DESC
----
column1 | column2
2 | b
1 | a

VALUES (1, 2), (3, 4)
----
column1 | column2
1 | 2
3 | 4

SELECT t.name, s.c FROM emp t JOIN (SELECT boss, COUNT(*) c FROM emp GROUP BY boss) s ON s.boss = t.id ORDER BY t.id
----
name | c
Ann | 2
Bob | 1
Cy | 2

SELECT name FROM emp WHERE (dept, pay) IN (SELECT dept, MAX(pay) FROM emp GROUP BY dept) ORDER BY name
----
name
Ann
Cy

SELECT CASE WHEN EXISTS (SELECT 1 FROM a WHERE x = 3) THEN 'yes' ELSE 'no' END
----
CASE WHEN EXISTS (SELECT 1 FROM a WHERE x = 3) THEN 'yes' ELSE 'no' END
yes

SELECT id, CASE WHEN pay > (SELECT AVG(pay) FROM emp) THEN 'high' ELSE 'low' END FROM emp ORDER BY id
----
id | CASE WHEN pay > (SELECT AVG(pay) FROM emp) THEN 'high' ELSE 'low' END
1 | high
2 | high
3 | high
4 | low
5 | low
6 | low

SELECT e.id FROM emp e WHERE e.pay > (SELECT AVG(f.pay) FROM emp f WHERE f.dept = e.dept AND EXISTS (SELECT 1 FROM dept d WHERE d.id = e.dept AND d.budget > f.pay)) ORDER BY 1
----
id
1
3

SELECT name FROM emp e WHERE id IN (SELECT boss FROM emp f WHERE f.dept <> e.dept) ORDER BY 1
----
name
Ann
Bob

SELECT d.title, e.name FROM dept d LEFT JOIN emp e ON e.dept = d.id AND e.id = (SELECT MIN(id) FROM emp g WHERE g.dept = d.id) ORDER BY d.id
----
title | name
Sales | Ann
Labs | Cy
Empty | NULL

SELECT COUNT(*) FROM emp e JOIN dept d ON e.dept = d.id JOIN a ON a.x <> e.id JOIN b ON b.x = a.x
----
COUNT(*)
12

# What a NULL in a list leaves open is no reason to leave the row out.
SELECT d.title, e.name FROM dept d LEFT JOIN emp e ON e.dept = d.id AND e.pay > 600 WHERE 2 IN (e.dept, 2) ORDER BY 1, 2
----
title | name
Empty | NULL
Labs | Cy
Sales | Ann
Sales | Bob

SELECT d.title FROM dept d LEFT JOIN emp e ON e.dept = d.id AND e.pay > 600 WHERE 'x' LIKE coalesce(e.name, '%') ORDER BY 1
----
title
Empty

# A recursion that LIMIT ends, and one whose ORDER BY says which row is looked at next.
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 3 OFFSET 1) SELECT i FROM n
----
i
2
3
4

WITH RECURSIVE tree(id, name, depth) AS (SELECT id, name, 0 FROM emp WHERE boss IS NULL UNION ALL SELECT e.id, e.name, depth + 1 FROM emp e JOIN tree ON e.boss = tree.id ORDER BY 3 DESC, 2) SELECT name, depth FROM tree
----
name | depth
Ann | 0
Bob | 1
Fay | 2
Cy | 1
Dee | 2
Eve | 2

WITH RECURSIVE tree(id, name, depth) AS (SELECT id, name, 0 FROM emp WHERE boss IS NULL UNION ALL SELECT e.id, e.name, depth + 1 FROM emp e JOIN tree ON e.boss = tree.id ORDER BY 3, 2 DESC LIMIT 4) SELECT name, depth FROM tree
----
name | depth
Ann | 0
Cy | 1
Bob | 1
Fay | 2

# A row and a subquery that gives one.
SELECT name FROM emp e WHERE (dept, pay) = (SELECT x.dept, x.pay FROM emp x WHERE x.dept = e.dept ORDER BY x.pay DESC LIMIT 1)
----
name
Ann
Cy

SELECT (1, 2) < (SELECT 1, 3), (SELECT 1, 3) < (1, 2), (1, NULL) = (SELECT 1, 2), (1, 2) = (SELECT 1, 2 WHERE FALSE)
----
(1, 2) < (SELECT 1, 3) | (SELECT 1, 3) < (1, 2) | (1, NULL) = (SELECT 1, 2) | (1, 2) = (SELECT 1, 2 WHERE false)
true | false | NULL | NULL

SELECT (1, 2) = (SELECT id, id FROM emp)
----
error Sql: a subquery that stands for a row gave several rows

SELECT (1, 2) = (SELECT 1)
----
error Sql: a subquery has 1 columns where 2 are meant

# Documents made of rows.
SELECT dept, json_group_array(name), json_object_agg(name, pay) FROM emp GROUP BY dept ORDER BY dept
----
dept | json_group_array(name) | json_object_agg(name, pay)
NULL | ["Eve"] | {"Eve":400}
10 | ["Ann","Bob"] | {"Ann":900,"Bob":700}
20 | ["Cy","Dee"] | {"Cy":700,"Dee":500}
30 | ["Fay"] | {"Fay":null}

SELECT json_agg(id), json_group_object(name, id) FROM emp WHERE FALSE
----
json_agg(id) | json_group_object(name, id)
[] | {}
