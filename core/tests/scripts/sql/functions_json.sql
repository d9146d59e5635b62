# Parts of documents: by key, by index, by path.
SELECT '{"a": {"b": [1, 2.5, "x", null, true]}}' -> 'a', '{"a": {"b": [1, 2]}}' -> 'a' ->> 'b', '{"a": "x"}' ->> 'a', '{"a": "x"}' -> 'a'
----
'{"a": {"b": [1, 2.5, "x", null, true]}}' -> 'a' | '{"a": {"b": [1, 2]}}' -> 'a' ->> 'b' | '{"a": "x"}' ->> 'a' | '{"a": "x"}' -> 'a'
{"b":[1,2.5,"x",null,true]} | [1,2] | x | "x"

SELECT '[10, 20, 30]' ->> 0, '[10, 20, 30]' ->> -1, '[10, 20]' ->> 2, '{"a": [1, [2, 3]]}' ->> '$.a[1][0]', '{"a b": 1}' ->> '$."a b"'
----
'[10, 20, 30]' ->> 0 | '[10, 20, 30]' ->> -1 | '[10, 20]' ->> 2 | '{"a": [1, [2, 3]]}' ->> '$.a[1][0]' | '{"a b": 1}' ->> '$."a b"'
10 | 30 | NULL | 2 | 1

SELECT '{"a": null}' -> 'a', '{"a": null}' ->> 'a', '{"a": 1}' -> 'b', '{"a": 1}' ->> 'b', NULL -> 'a', '{"a": 1}' -> NULL
----
'{"a": null}' -> 'a' | '{"a": null}' ->> 'a' | '{"a": 1}' -> 'b' | '{"a": 1}' ->> 'b' | NULL -> 'a' | '{"a": 1}' -> NULL
null | NULL | NULL | NULL | NULL | NULL

SELECT json_extract('{"a": 1, "b": {"c": "x"}}', '$.a'), json_extract('{"a": 1, "b": {"c": "x"}}', '$.b.c'), json_extract('{"a": 1, "b": [2]}', '$.a', '$.b', '$.c'), json_extract('[1, 2, 3]', '$[#-1]')
----
json_extract('{"a": 1, "b": {"c": "x"}}', '$.a') | json_extract('{"a": 1, "b": {"c": "x"}}', '$.b.c') | json_extract('{"a": 1, "b": [2]}', '$.a', '$.b', '$.c') | json_extract('[1, 2, 3]', '$[#-1]')
1 | x | [1,[2],null] | 3

SELECT json_type('{"a": [1]}', '$.a'), json_type('null'), json_type('1'), json_type('1.5'), json_type('"x"'), json_type('true'), json_type('{}'), json_type('{}', '$.a')
----
json_type('{"a": [1]}', '$.a') | json_type('null') | json_type('1') | json_type('1.5') | json_type('"x"') | json_type('true') | json_type('{}') | json_type('{}', '$.a')
array | null | integer | real | text | true | object | NULL

SELECT json_typeof('[1]'), jsonb_typeof('"x"'), json_typeof('1'), json_extract_path_text('{"a": {"b": [7, "y"]}}', 'a', 'b', '1')
----
json_typeof('[1]') | jsonb_typeof('"x"') | json_typeof('1') | json_extract_path_text('{"a": {"b": [7, "y"]}}', 'a', 'b', '1')
array | string | number | y

SELECT json_array_length('[1, 2, 3]'), json_array_length('{}'), json_array_length('{"a": [1]}', '$.a'), json_valid('{"a": 1}'), json_valid('{a: 1}'), json_valid(NULL)
----
json_array_length('[1, 2, 3]') | json_array_length('{}') | json_array_length('{"a": [1]}', '$.a') | json_valid('{"a": 1}') | json_valid('{a: 1}') | json_valid(NULL)
3 | 0 | 1 | true | false | NULL

# Documents made.
SELECT json_array(1, 'two', 3.5, NULL, json('{"a": 1}')), json_object('a', 1, 'b', 'x', 'c', NULL), json_quote('it''s'), json_quote(1), json_array(), json_object()
----
json_array(1, 'two', 3.5, NULL, json('{"a": 1}')) | json_object('a', 1, 'b', 'x', 'c', NULL) | json_quote('it''s') | json_quote(1) | json_array() | json_object()
[1,"two",3.5,null,{"a":1}] | {"a":1,"b":"x","c":null} | "it's" | 1 | [] | {}

SELECT json('  {"b" : [ 1 , 2 ] , "a" : null } ')
----
json('  {"b" : [ 1 , 2 ] , "a" : null } ')
{"a":null,"b":[1,2]}

SELECT json_set('{"a": 1}', '$.b', 2, '$.a', 'x'), json_insert('{"a": 1}', '$.a', 2, '$.b', 3), json_replace('{"a": 1}', '$.a', 2, '$.b', 3), json_remove('{"a": 1, "b": [1, 2]}', '$.a', '$.b[0]')
----
json_set('{"a": 1}', '$.b', 2, '$.a', 'x') | json_insert('{"a": 1}', '$.a', 2, '$.b', 3) | json_replace('{"a": 1}', '$.a', 2, '$.b', 3) | json_remove('{"a": 1, "b": [1, 2]}', '$.a', '$.b[0]')
{"a":"x","b":2} | {"a":1,"b":3} | {"a":2} | {"b":[2]}

SELECT json_set('[1, 2]', '$[#]', 3), json_set('{"a": [1]}', '$.a[0]', json('[9]')), json_set('{}', '$.x.y', 1)
----
json_set('[1, 2]', '$[#]', 3) | json_set('{"a": [1]}', '$.a[0]', json('[9]')) | json_set('{}', '$.x.y', 1)
[1,2,3] | {"a":[[9]]} | {}

# Columns of JSON, and conditions on them.
CREATE TABLE docs (id INTEGER PRIMARY KEY, d JSON)
----
CREATE TABLE, commit 2

INSERT INTO docs VALUES (1, '{"name": "desk", "tags": ["wood", "new"], "price": 100}'), (2, '{"name": "lamp", "tags": [], "price": 30.5}'), (3, NULL)
----
INSERT 3, ids 1 2 3, commit 3

SELECT id, d ->> 'name', d ->> '$.tags[0]', d -> 'tags', json_array_length(d, '$.tags') FROM docs ORDER BY id
----
id | d ->> 'name' | d ->> '$.tags[0]' | d -> 'tags' | json_array_length(d, '$.tags')
1 | desk | wood | ["wood","new"] | 2
2 | lamp | NULL | [] | 0
3 | NULL | NULL | NULL | NULL

SELECT id FROM docs WHERE d ->> 'price' > 50
----
id
1

SELECT d ->> 'price' AS price FROM docs ORDER BY price DESC NULLS LAST
----
price
100
30.5
NULL

UPDATE docs SET d = json_set(d, '$.price', 80) WHERE id = 1 RETURNING d ->> 'price'
----
UPDATE 1, commit 4
d ->> 'price'
80

CREATE INDEX by_name ON docs (d ->> 'name')
----
CREATE INDEX, commit 5

EXPLAIN SELECT id FROM docs WHERE d ->> 'name' = 'lamp'
----
plan
scan docs, filtered

SELECT id FROM docs WHERE d ->> 'name' = 'lamp'
----
id
2

# What is no JSON, no path, or no pair is an error that says so.
SELECT json('{a: 1}')
----
error Sql: malformed JSON: key must be a string at line 1 column 2

SELECT '{"a": 1' -> 'a'
----
error Sql: malformed JSON: EOF while parsing an object at line 1 column 7

SELECT json_extract('{}', 'a')
----
error Sql: 'a' is no JSON path; write $.key[0]

SELECT json_object('a')
----
error Sql: JSON_OBJECT takes names and values in turn

SELECT json_object(NULL, 1)
----
error Sql: a name in JSON_OBJECT is NULL

SELECT json_set('{}', '$.a')
----
error Sql: JSON_SET takes paths and values in turn
