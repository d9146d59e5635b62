# Operators that bind as they should, and those of SQLite.

SELECT 1 IS DISTINCT FROM 2 AND FALSE, 1 IS NOT DISTINCT FROM 2 OR TRUE, NULL IS DISTINCT FROM 1 AND TRUE
----
1 IS DISTINCT FROM 2 AND false | 1 IS NOT DISTINCT FROM 2 OR true | NULL IS DISTINCT FROM 1 AND true
false | true | true

SELECT 1 IS 1 AND 2 IS 2, 1 IS NOT 2 AND FALSE, NULL IS NULL, 1 IS NOT NULL, NULL IS NOT 1, NULL IS NOT NULL
----
1 IS NOT DISTINCT FROM 1 AND 2 IS NOT DISTINCT FROM 2 | 1 IS DISTINCT FROM 2 AND false | NULL IS NULL | 1 IS NOT NULL | NULL IS DISTINCT FROM 1 | NULL IS NOT NULL
true | false | true | true | true | false

SELECT 'abc' GLOB 'a*', 'abc' GLOB 'A*', 'abc' GLOB 'a?c', 'abc' GLOB '[a-c]*', 'abc' GLOB '[^a]*', 'abc' NOT GLOB 'b*', 'a*c' GLOB 'a[*]c', NULL GLOB 'a'
----
glob('a*', 'abc') | glob('A*', 'abc') | glob('a?c', 'abc') | glob('[a-c]*', 'abc') | glob('[^a]*', 'abc') | NOT glob('b*', 'abc') | glob('a[*]c', 'a*c') | glob('a', NULL)
true | false | true | true | false | true | true | NULL

SELECT ~5, ~ -1, ~0 + 1
----
~5 | ~-1 | ~0 + 1
-6 | 0 | 0

SELECT 'ABC' = 'abc' COLLATE NOCASE, 'a' COLLATE NOCASE < 'B', 'x' = 'X', 'x' COLLATE BINARY = 'x'
----
'ABC' = 'abc' COLLATE NOCASE | 'a' COLLATE NOCASE < 'B' | 'x' = 'X' | 'x' COLLATE BINARY = 'x'
true | true | false | true

SELECT x FROM (VALUES ('b'), ('A'), ('C')) AS v(x) ORDER BY x COLLATE NOCASE DESC
----
x
C
b
A

SELECT x COLLATE NOCASE FROM (VALUES ('b')) AS v(x)
----
error Unsupported: not supported: the expression x COLLATE NOCASE

WITH x AS MATERIALIZED (SELECT 1 AS a), y AS NOT MATERIALIZED (SELECT a + 1 AS b FROM x) SELECT a, b FROM x, y
----
a | b
1 | 2

SELECT 1 AS materialized
----
materialized
1

SELECT concat_ws('-', 'a', NULL, 'b', 3), concat_ws(',', 'x'), concat_ws(NULL, 'a')
----
concat_ws('-', 'a', NULL, 'b', 3) | concat_ws(',', 'x') | concat_ws(NULL, 'a')
a-b-3 | x | NULL

SELECT reverse('añb'), lpad('7', 3, '0'), rpad('ab', 5, 'xy'), lpad('abcdef', 3), repeat('ab', 3), split_part('a,b,c', ',', 2), split_part('a,b,c', ',', -1), initcap('hello wORLD')
----
reverse('añb') | lpad('7', 3, '0') | rpad('ab', 5, 'xy') | lpad('abcdef', 3) | repeat('ab', 3) | split_part('a,b,c', ',', 2) | split_part('a,b,c', ',', -1) | initcap('hello wORLD')
bña | 007 | abxyx | abc | ababab | b | c | Hello World

SELECT quote('it''s'), quote(NULL), quote(1.5), quote(X'0aff'), unicode('A'), char(72, 105), ascii('a'), chr(98)
----
quote('it''s') | quote(NULL) | quote(1.5) | quote(X'0aff') | unicode('A') | char(72, 105) | ascii('a') | chr(98)
'it''s' | NULL | 1.5 | X'0AFF' | 65 | Hi | 97 | b

SELECT trunc(2.7), trunc(-2.7), trunc(3.14159, 2), exp(0), ln(1), log(100), log(2, 8), round(pi(), 4)
----
trunc(2.7) | trunc(-2.7) | trunc(3.14159, 2) | exp(0) | ln(1) | log(100) | log(2, 8) | round(pi(), 4)
2 | -2 | 3.14 | 1.0 | 0.0 | 2.0 | 3.0 | 3.1416

SELECT printf('%d|%5d|%-5d|%05d|%+d|%,d', 1, 2, 3, 4, 5, 1234567), printf('%.2f|%8.3f|%s|%q|%Q|%x|%c|%%', 3.14159, 2.5, 'a', 'it''s', NULL, 255, 'xyz')
----
printf('%d|%5d|%-5d|%05d|%+d|%,d', 1, 2, 3, 4, 5, 1234567) | printf('%.2f|%8.3f|%s|%q|%Q|%x|%c|%%', 3.14159, 2.5, 'a', 'it''s', NULL, 255, 'xyz')
1|    2|3    |00004|+5|1,234,567 | 3.14|   2.500|a|it''s|NULL|ff|x|%

SELECT date('2024-01-31'), date('2024-01-31', '+1 month'), date('2024-03-15', 'start of month', '-1 day'), datetime('2024-03-15 10:20:30', '+90 minutes'), time('10:20:30', '-1 hour')
----
date('2024-01-31') | date('2024-01-31', '+1 month') | date('2024-03-15', 'start of month', '-1 day') | datetime('2024-03-15 10:20:30', '+90 minutes') | time('10:20:30', '-1 hour')
2024-01-31 | 2024-03-02 | 2024-02-29 | 2024-03-15 11:50:30 | 09:20:30

SELECT strftime('%Y-%m-%d %H:%M:%S %j %w %W %%', '2024-03-15 10:20:30'), strftime('%s', '1970-01-02'), julianday('2000-01-01 12:00:00'), unixepoch('2024-01-01'), date(0, 'unixepoch'), date('2024-03-13', 'weekday 0'), date('nonsense')
----
strftime('%Y-%m-%d %H:%M:%S %j %w %W %%', '2024-03-15 10:20:30') | strftime('%s', '1970-01-02') | julianday('2000-01-01 12:00:00') | unixepoch('2024-01-01') | date(0, 'unixepoch') | date('2024-03-13', 'weekday 0') | date('nonsense')
2024-03-15 10:20:30 075 5 11 % | 86400 | 2451545.0 | 1704067200 | 1970-01-01 | 2024-03-17 | NULL

SELECT date('now') = current_date, strftime('%Y', 'now') = strftime('%Y', current_timestamp)
----
date('now') = current_date | strftime('%Y', 'now') = strftime('%Y', current_timestamp)
true | true

SELECT repeat('x', 100000000000)
----
error Limit: a text or blob of more than 64 MB; make it shorter
