# Regular expressions.
SELECT 'abc' ~ '^a.c$', 'ABC' ~* '^abc$', 'abc' !~ 'x', 'ABC' !~* 'b', 'abc' ~ 'B', NULL ~ 'a', 'a' ~ NULL
----
'abc' ~ '^a.c$' | 'ABC' ~* '^abc$' | 'abc' !~ 'x' | 'ABC' !~* 'b' | 'abc' ~ 'B' | NULL ~ 'a' | 'a' ~ NULL
true | true | true | false | false | NULL | NULL

SELECT 'abc' SIMILAR TO 'abc', 'abc' SIMILAR TO 'a', 'abc' SIMILAR TO '%(b|d)%', 'abc' SIMILAR TO '(b|c)%', 'a.c' SIMILAR TO 'a.c', 'abc' SIMILAR TO 'a.c', 'abc' NOT SIMILAR TO '[a-c]{3}', 'aab' SIMILAR TO 'a+b'
----
'abc' SIMILAR TO 'abc' | 'abc' SIMILAR TO 'a' | 'abc' SIMILAR TO '%(b|d)%' | 'abc' SIMILAR TO '(b|c)%' | 'a.c' SIMILAR TO 'a.c' | 'abc' SIMILAR TO 'a.c' | 'abc' NOT SIMILAR TO '[a-c]{3}' | 'aab' SIMILAR TO 'a+b'
true | false | true | false | true | false | false | true

SELECT regexp_like('Hello', '^h', 'i'), regexp_like('Hello', '^h'), regexp_replace('a1b22', '[0-9]+', '#'), regexp_replace('a1b22', '[0-9]+', '#', 'g'), regexp_replace('John Smith', '(\w+) (\w+)', '\2, \1')
----
regexp_like('Hello', '^h', 'i') | regexp_like('Hello', '^h') | regexp_replace('a1b22', '[0-9]+', '#') | regexp_replace('a1b22', '[0-9]+', '#', 'g') | regexp_replace('John Smith', '(\w+) (\w+)', '\2, \1')
true | false | a#b22 | a#b# | Smith, John

SELECT 'abc' REGEXP 'b', 'abc' NOT REGEXP 'b'
----
'abc' REGEXP 'b' | 'abc' NOT REGEXP 'b'
true | false

CREATE TABLE t (id INTEGER PRIMARY KEY, s TEXT, p TEXT)
----
CREATE TABLE, commit 2

INSERT INTO t VALUES (1, 'anna@example.org', '@'), (2, 'bob', '^b'), (3, NULL, '.')
----
INSERT 3, ids 1 2 3, commit 3

SELECT id FROM t WHERE s ~ '^[a-z]+@[a-z.]+$'
----
id
1

SELECT id, s ~ p FROM t ORDER BY id
----
id | s ~ p
1 | true
2 | true
3 | NULL

# A pattern that is none, or too long.
SELECT 'a' ~ '('
----
error Sql: the regular expression: found open group without closing ')'

SELECT 'a' ~ repeat('a', 5000)
----
error Sql: a regular expression has at most 4096 bytes

# Time stays linear.
SELECT repeat('a', 3000) ~ '(a*)*b'
----
repeat('a', 3000) ~ '(a*)*b'
false
