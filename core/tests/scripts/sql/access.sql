# How rows are found.

CREATE TABLE t (a INT, b TEXT, c INT, d REAL, e TIMESTAMP, PRIMARY KEY (a, b))
----
CREATE TABLE, commit 2

CREATE INDEX t_c ON t (c DESC, d)
----
CREATE INDEX, commit 3

CREATE UNIQUE INDEX t_e ON t (e)
----
CREATE INDEX, commit 4

CREATE INDEX t_lower ON t (LOWER(b))
----
CREATE INDEX, commit 5

INSERT INTO t VALUES (1, 'x', 10, 1.0, '2025-01-01'), (1, 'Y', 10, 2.0, '2025-01-02'), (2, 'x', 20, 3.0, '2025-01-03'), (2, 'y', NULL, 4.0, NULL), (3, 'x', 30, 5.0, '2025-01-05'), (4, 'a', 11, 1, '2026-01-01'), (5, 'a', 12, 1, '2026-01-02'), (6, 'a', 13, 1, '2026-01-03'), (7, 'a', 14, 1, '2026-01-04'), (8, 'a', 15, 1, '2026-01-05'), (9, 'a', 16, 1, '2026-01-06')
----
INSERT 11, commit 6

EXPLAIN SELECT * FROM t WHERE a = 1 AND b = 'x'
----
plan
search t by primary key: 1 key, filtered

SELECT * FROM t WHERE a = 1 AND b = 'x'
----
a | b | c | d | e
1 | x | 10 | 1.0 | 2025-01-01 00:00:00

EXPLAIN SELECT b FROM t WHERE a = 1
----
plan
search t by primary key: 1 range, filtered

SELECT b FROM t WHERE a = 1
----
b
Y
x

EXPLAIN SELECT a FROM t WHERE a IN (3, 1, 3) AND b = 'x'
----
plan
search t by primary key: 2 keys, filtered

SELECT a FROM t WHERE a IN (3, 1, 3) AND b = 'x'
----
a
1
3

EXPLAIN SELECT a, b FROM t WHERE a > 1 AND a <= 3
----
plan
search t by primary key: 1 range, filtered

SELECT a, b FROM t WHERE a > 1 AND a <= 3
----
a | b
2 | x
2 | y
3 | x

EXPLAIN SELECT a, b FROM t WHERE a = 1 AND b > 'a'
----
plan
search t by primary key: 1 range, filtered

SELECT a, b FROM t WHERE a = 1 AND b > 'a'
----
a | b
1 | x

EXPLAIN SELECT a FROM t WHERE e = '2025-01-03'
----
plan
search t by index t_e: 1 range, filtered

SELECT a FROM t WHERE e = '2025-01-03'
----
a
2

EXPLAIN SELECT a FROM t WHERE c = 10 AND d > 1.5
----
plan
search t by index t_c: 1 range, filtered

SELECT a, b FROM t WHERE c = 10 AND d > 1.5
----
a | b
1 | Y

SELECT a FROM t WHERE c >= 20
----
a
3
2

SELECT a FROM t WHERE c < 12 ORDER BY c DESC
----
a
4
1
1

EXPLAIN SELECT a FROM t WHERE c IS NULL
----
plan
search t by index t_c: 1 range, filtered

SELECT a FROM t WHERE c IS NULL
----
a
2

EXPLAIN SELECT a FROM t WHERE LOWER(b) = 'y' AND a < 100
----
plan
search t by index t_lower: 1 range, filtered

SELECT a, b FROM t WHERE LOWER(b) = 'y'
----
a | b
1 | Y
2 | y

# Order out of a key or an index, both ways; sorting elsewhere.
EXPLAIN SELECT a, b FROM t ORDER BY a DESC, b DESC LIMIT 3
----
plan
limit
  scan t, backwards

SELECT a, b FROM t ORDER BY a DESC, b DESC LIMIT 3
----
a | b
9 | a
8 | a
7 | a

EXPLAIN SELECT c, d FROM t ORDER BY c DESC, d LIMIT 3
----
plan
limit
  search t by index t_c: 1 range

SELECT c, d FROM t ORDER BY c DESC, d LIMIT 3
----
c | d
30 | 5.0
20 | 3.0
16 | 1.0

EXPLAIN SELECT c, d FROM t ORDER BY c, d DESC LIMIT 3
----
plan
limit
  search t by index t_c: 1 range, backwards

SELECT c, d FROM t ORDER BY c, d DESC LIMIT 3
----
c | d
NULL | 4.0
10 | 2.0
10 | 1.0

EXPLAIN SELECT c FROM t ORDER BY c, d LIMIT 3
----
plan
limit
  first rows by 2 keys
    scan t

SELECT c FROM t ORDER BY c, d LIMIT 3
----
c
NULL
10
10

# A constant that no key can be.
SELECT a FROM t WHERE a = 1.5
----
a

SELECT a FROM t WHERE a = NULL
----
a

SELECT a, b FROM t WHERE a = '2'
----
a | b
2 | x
2 | y

EXPLAIN SELECT COUNT(*) FROM t
----
plan
aggregate all rows
  scan t

EXPLAIN DELETE FROM t WHERE a = 1 AND b IN ('x', 'y')
----
plan
delete from t
  search t by primary key: 2 keys, filtered

EXPLAIN INSERT INTO t (a, b) SELECT a + 100, b FROM t WHERE a = 1
----
plan
insert into t
  search t by primary key: 1 range, filtered
