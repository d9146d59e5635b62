# The column is called as the function is, or as its alias says (PostgreSQL), and value (SQLite).
SELECT * FROM generate_series(1, 3);
----
generate_series
1
2
3

SELECT value FROM generate_series(10, 1, -4);
----
value
10
6
2

SELECT g, g * 2 AS twice FROM generate_series(1, 2) g;
----
g | twice
1 | 2
2 | 4

SELECT s.value, s.s FROM generate_series(1, 2) AS s;
----
value | s
1 | 1
2 | 2

SELECT n FROM generate_series(1, 6, 2) AS g(n);
----
n
1
3
5

SELECT value FROM generate_series(1, 2) AS g(n);
----
value
1
2

SELECT generate_series FROM generate_series(2, 1);
----
generate_series

SELECT a.value, b.value FROM generate_series(1, 2) a, generate_series(1, 2) b ORDER BY 1, 2 DESC;
----
value | value
1 | 2
1 | 1
2 | 2
2 | 1

SELECT value FROM generate_series(1, 2) a, generate_series(1, 2) b;
----
error Sql: column 'value' is ambiguous

SELECT other FROM generate_series(1, 2);
----
error NotFound: column 'other' does not exist
