# The tables of the protocol documents, and automatic ids.

CREATE TABLE products (id INTEGER PRIMARY KEY, name TEXT NOT NULL, price DECIMAL(10,2))
----
CREATE TABLE, commit 2

INSERT INTO products (name, price) VALUES ('pen', 1.5), ('ink', 12), ('cap', NULL)
----
INSERT 3, ids 1 2 3, commit 3

INSERT INTO products VALUES (10, 'pad', 3.999)
----
INSERT 1, ids 10, commit 4

INSERT INTO products (name) VALUES ('next')
----
INSERT 1, ids 11, commit 5

SELECT * FROM products
----
id | name | price
1 | pen | 1.5
2 | ink | 12
3 | cap | NULL
10 | pad | 4
11 | next | NULL

select NAME, Price from PRODUCTS where ID = 10;
----
name | price
pad | 4

CREATE TABLE IF NOT EXISTS products (x INT)
----
CREATE TABLE

CREATE TABLE products (x INT)
----
error Exists: table 'products' already exists

# Every type that the documents name.
CREATE TABLE kinds (
  i INTEGER, b BIGINT, t TEXT, v VARCHAR(3), f BOOLEAN, r REAL, d DOUBLE, e DECIMAL(5,1),
  ts TIMESTAMP, da DATE, bl BLOB, by BYTEA, u UUID, j JSON
)
----
CREATE TABLE, commit 6

INSERT INTO kinds VALUES (1, 9223372036854775807, 'é', 'abc', true, 1.5, 2.25, 12.34,
  '2025-12-01T08:00:00Z', '2025-12-01', X'00ff', X'', '936DA01F-9ABD-4D9D-80C7-02AF85C822A8', '{"b":1, "a":[2]}')
----
INSERT 1, commit 7

SELECT * FROM kinds
----
i | b | t | v | f | r | d | e | ts | da | bl | by | u | j
1 | 9223372036854775807 | é | abc | true | 1.5 | 2.25 | 12.3 | 2025-12-01 08:00:00 | 2025-12-01 | \x00ff | \x | 936da01f-9abd-4d9d-80c7-02af85c822a8 | {"a":[2],"b":1}

INSERT INTO kinds (v) VALUES ('abcd')
----
error Value: text of 4 characters is too long for VARCHAR(3)

INSERT INTO kinds (i) VALUES ('x')
----
error Value: 'x' is not a valid INTEGER; write a number such as 42 or 1.5

INSERT INTO kinds (i) VALUES (1.5)
----
error Value: 1.5 has a fraction, which INTEGER cannot hold; use ROUND or CAST

INSERT INTO kinds (da) VALUES ('2025-02-30')
----
error Value: '2025-02-30' is not a valid DATE; write a day as YYYY-MM-DD

CREATE TABLE bad (a SOMETHING)
----
error Sql: there is no type SOMETHING

CREATE TABLE bad (a INT, A TEXT)
----
error Exists: column 'A' already exists

CREATE TABLE bad (a INT PRIMARY KEY, b INT PRIMARY KEY)
----
error Invalid: a table has one primary key

CREATE TABLE "two words" ("a b" INT, [c d] INT, `e f` INT)
----
CREATE TABLE, commit 8

INSERT INTO "two words" VALUES (1, 2, 3)
----
INSERT 1, commit 9

SELECT "a b" + [c d] * `e f` AS sum FROM [two words]
----
sum
7

SHOW TABLES
----
table_name
kinds
products
two words

SHOW COLUMNS FROM products
----
column_name | data_type | nullable | default | primary_key
id | INTEGER | false | NULL | true
name | TEXT | false | NULL | false
price | DECIMAL(10,2) | true | NULL | false

DROP TABLE "two words", kinds
----
DROP TABLE, commit 10

DROP TABLE nothing
----
error NotFound: table 'nothing' does not exist

DROP TABLE IF EXISTS nothing
----
DROP TABLE

SHOW TABLES
----
table_name
products
