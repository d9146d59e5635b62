# Joins, derived tables, and what is refused.

CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL, boss INTEGER)
----
CREATE TABLE, commit 2

CREATE TABLE orders (id INTEGER PRIMARY KEY, user_id INTEGER, total DECIMAL(10,2))
----
CREATE TABLE, commit 3

INSERT INTO users VALUES (1, 'Ann', NULL), (2, 'Bob', 1), (3, 'Cy', 1), (4, 'Dee', 3)
----
INSERT 4, ids 1 2 3 4, commit 4

INSERT INTO orders VALUES (10, 1, 5.00), (11, 1, 7.50), (12, 2, 1.25), (13, NULL, 9), (14, 9, 2)
----
INSERT 5, ids 10 11 12 13 14, commit 5

SELECT u.name, COUNT(o.id) as order_count FROM users u LEFT JOIN orders o ON u.id = o.user_id GROUP BY u.name ORDER BY order_count DESC, u.name LIMIT 10
----
name | order_count
Ann | 2
Bob | 1
Cy | 0
Dee | 0

SELECT u.name, o.total FROM users u JOIN orders o ON o.user_id = u.id ORDER BY o.id
----
name | total
Ann | 5
Ann | 7.5
Bob | 1.25

EXPLAIN SELECT u.name, o.total FROM users u JOIN orders o ON o.user_id = u.id ORDER BY o.id
----
plan
sort by 1 keys
  join by hash of 1 keys
    scan orders
    scan users

SELECT u.name, o.total FROM users u, orders o WHERE o.user_id = u.id AND o.total > 2 ORDER BY o.total
----
name | total
Ann | 5
Ann | 7.5

SELECT u.name, o.id FROM users u LEFT JOIN orders o ON u.id = o.user_id AND o.total > 6 ORDER BY u.id, o.id
----
name | id
Ann | 11
Bob | NULL
Cy | NULL
Dee | NULL

SELECT u.name, o.id FROM users u LEFT JOIN orders o ON u.id = o.user_id WHERE o.id IS NULL ORDER BY u.id
----
name | id
Cy | NULL
Dee | NULL

SELECT u.name, b.name AS boss, c.name AS top FROM users u LEFT JOIN users b ON u.boss = b.id LEFT JOIN users c ON b.boss = c.id ORDER BY u.id
----
name | boss | top
Ann | NULL | NULL
Bob | Ann | NULL
Cy | Ann | NULL
Dee | Cy | Ann

SELECT COUNT(*) FROM users CROSS JOIN orders
----
COUNT(*)
20

SELECT u.*, o.total FROM users u JOIN orders o ON u.id = o.user_id AND u.id < 2 ORDER BY o.id
----
id | name | boss | total
1 | Ann | NULL | 5
1 | Ann | NULL | 7.5

SELECT d.name, d.n FROM (SELECT u.name, COUNT(*) AS n FROM users u JOIN orders o ON u.id = o.user_id GROUP BY u.name) AS d WHERE d.n > 1
----
name | n
Ann | 2

SELECT a.id, b.id FROM users a JOIN users b ON a.id < b.id WHERE a.id > 1 ORDER BY a.id, b.id
----
id | id
2 | 3
2 | 4
3 | 4

SELECT o.id FROM orders o JOIN users u ON u.id = o.user_id WHERE u.name = 'Ann' OR o.total = 1.25 ORDER BY o.id
----
id
10
11
12

SELECT u.name FROM users u JOIN orders o ON u.id = o.user_id JOIN users b ON b.id = u.boss
----
name
Bob

SELECT id FROM users u JOIN orders o ON u.id = o.user_id
----
error Sql: column 'id' is ambiguous

SELECT * FROM users JOIN users ON 1 = 1
----
error Sql: FROM names 'users' twice: give one an alias

SELECT * FROM users u RIGHT JOIN orders o ON u.id = o.user_id
----
id | name | boss | id | user_id | total
1 | Ann | NULL | 10 | 1 | 5
1 | Ann | NULL | 11 | 1 | 7.5
2 | Bob | 1 | 12 | 2 | 1.25
NULL | NULL | NULL | 13 | NULL | 9
NULL | NULL | NULL | 14 | 9 | 2

SELECT * FROM users u JOIN orders o USING (id)
----
id | name | boss | user_id | total

SELECT name FROM users WHERE id IN (SELECT user_id FROM orders WHERE total > 6)
----
name
Ann
