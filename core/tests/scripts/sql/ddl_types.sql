# Names of types, of SQLite, PostgreSQL and others, as they are usually written.

CREATE TABLE integers (a INT2, b INT4, c INT8, d INT(11), e INTEGER, f BIGINT(20), g SMALLINT, h TINYINT, i MEDIUMINT, j UNSIGNED BIG INT, k INT UNSIGNED, l pg_catalog.int4)
----
CREATE TABLE, commit 2

SHOW COLUMNS FROM integers
----
column_name | data_type | nullable | default | primary_key
a | SMALLINT | true | NULL | false
b | INTEGER | true | NULL | false
c | BIGINT | true | NULL | false
d | INTEGER | true | NULL | false
e | INTEGER | true | NULL | false
f | BIGINT | true | NULL | false
g | SMALLINT | true | NULL | false
h | TINYINT | true | NULL | false
i | INTEGER | true | NULL | false
j | UINT64 | true | NULL | false
k | UINT32 | true | NULL | false
l | INTEGER | true | NULL | false

INSERT INTO integers (k) VALUES (-1)
----
error Value: -1 is out of range for UINT32

INSERT INTO integers (a) VALUES (32768)
----
error Value: 32768 is out of range for SMALLINT

CREATE TABLE texts (a TEXT, b VARCHAR, c VARCHAR(10), d CHARACTER VARYING(10), e CHAR(3), f NVARCHAR(4), g NATIVE CHARACTER(70), h VARYING CHARACTER(255), i NATIONAL CHARACTER VARYING(5), j CLOB, k CHARACTER LARGE OBJECT, l TEXT(20), m VARCHAR(MAX))
----
CREATE TABLE, commit 3

SHOW COLUMNS FROM texts
----
column_name | data_type | nullable | default | primary_key
a | TEXT | true | NULL | false
b | TEXT | true | NULL | false
c | VARCHAR(10) | true | NULL | false
d | VARCHAR(10) | true | NULL | false
e | CHAR(3) | true | NULL | false
f | VARCHAR(4) | true | NULL | false
g | CHAR(70) | true | NULL | false
h | VARCHAR(255) | true | NULL | false
i | VARCHAR(5) | true | NULL | false
j | TEXT | true | NULL | false
k | TEXT | true | NULL | false
l | TEXT | true | NULL | false
m | TEXT | true | NULL | false

CREATE TABLE numbers (a REAL, b FLOAT, c FLOAT(24), d DOUBLE, e DOUBLE PRECISION, f DOUBLE(10,2), g DECIMAL, h NUMERIC(12,4), i DEC(5), j NUMBER(8,2))
----
CREATE TABLE, commit 4

SHOW COLUMNS FROM numbers
----
column_name | data_type | nullable | default | primary_key
a | REAL | true | NULL | false
b | DOUBLE | true | NULL | false
c | FLOAT32 | true | NULL | false
d | DOUBLE | true | NULL | false
e | DOUBLE | true | NULL | false
f | DOUBLE | true | NULL | false
g | DECIMAL | true | NULL | false
h | DECIMAL(12,4) | true | NULL | false
i | DECIMAL(5,0) | true | NULL | false
j | DECIMAL(8,2) | true | NULL | false

CREATE TABLE times (a DATE, b TIME(3), c TIMESTAMP, d DATETIME, e TIMESTAMPTZ, f TIMESTAMP(6) WITH TIME ZONE, g TIMESTAMP WITHOUT TIME ZONE, h INTERVAL)
----
CREATE TABLE, commit 5

SHOW COLUMNS FROM times
----
column_name | data_type | nullable | default | primary_key
a | DATE | true | NULL | false
b | TIME | true | NULL | false
c | TIMESTAMP | true | NULL | false
d | TIMESTAMP | true | NULL | false
e | TIMESTAMPTZ | true | NULL | false
f | TIMESTAMPTZ | true | NULL | false
g | TIMESTAMP | true | NULL | false
h | INTERVAL | true | NULL | false

CREATE TABLE others (a BOOL, b BLOB, c BYTEA, d VARBINARY(10), e LONGBLOB, f UUID, g JSON, h JSONB)
----
CREATE TABLE, commit 6

SHOW COLUMNS FROM others
----
column_name | data_type | nullable | default | primary_key
a | BOOLEAN | true | NULL | false
b | BLOB | true | NULL | false
c | BLOB | true | NULL | false
d | BLOB | true | NULL | false
e | BLOB | true | NULL | false
f | UUID | true | NULL | false
g | JSON | true | NULL | false
h | JSON | true | NULL | false

# What both lack is refused by its name.
CREATE TABLE arrays (a INTEGER[])
----
error Unsupported: not supported: columns of arrays: use JSON

CREATE TABLE arrays (a TEXT ARRAY)
----
error Unsupported: not supported: columns of arrays: use JSON

CREATE TABLE moods (a ENUM('x', 'y'))
----
error Sql: there is no type ENUM('x', 'y')

CREATE TABLE zoned (a TIME WITH TIME ZONE)
----
error Sql: there is no type TIME WITH TIME ZONE

# Columns without a type take any value, as it comes.
CREATE TABLE loose (id PRIMARY KEY, v, w NOT NULL DEFAULT 5, x UNIQUE, y CHECK (y > 0))
----
CREATE TABLE, commit 7

INSERT INTO loose (id, v, x, y) VALUES (1, 'text', 2.5, 1), ('one', 7, 'u', 2), (X'00', NULL, NULL, NULL)
----
INSERT 3, ids 1 one \x00, commit 8

SELECT id, typeof(id), v, typeof(v), w, x FROM loose
----
id | typeof(id) | v | typeof(v) | w | x
1 | integer | text | text | 5 | 2.5
one | text | 7 | integer | 5 | u
\x00 | blob | NULL | null | 5 | NULL

INSERT INTO loose (id, w) VALUES (1, 1)
----
error Violation: table 'loose' already has a row with (id) = (1): PRIMARY KEY

INSERT INTO loose (id, y) VALUES (2, 0)
----
error Violation: a row of table 'loose' fails the check 'loose_y_check'

ALTER TABLE loose ADD COLUMN z
----
ALTER TABLE, commit 9

# Words that are names here.
CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT, index INT, type, comment TEXT)
----
CREATE TABLE, commit 10

INSERT INTO settings (key, value, index) VALUES ('a', 'b', 1)
----
INSERT 1, ids a, commit 11

SELECT key, value, index FROM settings
----
key | value | index
a | b | 1

# Automatic ids.
CREATE TABLE s1 (id SERIAL PRIMARY KEY, v TEXT)
----
CREATE TABLE, commit 12

CREATE TABLE s2 (v TEXT PRIMARY KEY, n BIGSERIAL)
----
CREATE TABLE, commit 13

CREATE TABLE s3 (id INT GENERATED BY DEFAULT AS IDENTITY (START WITH 10 INCREMENT BY 1) PRIMARY KEY, v TEXT)
----
CREATE TABLE, commit 14

CREATE TABLE s4 (id INT GENERATED ALWAYS AS IDENTITY, v TEXT)
----
CREATE TABLE, commit 15

CREATE TABLE s5 (id INT IDENTITY(100,1) PRIMARY KEY, v TEXT)
----
CREATE TABLE, commit 16

CREATE TABLE s6 (id INTEGER PRIMARY KEY AUTOINCREMENT, v TEXT)
----
CREATE TABLE, commit 17

INSERT INTO s1 (v) VALUES ('a'), ('b') RETURNING *
----
INSERT 2, ids 1 2, commit 18
id | v
1 | a
2 | b

INSERT INTO s2 (v) VALUES ('a'), ('b') RETURNING *
----
INSERT 2, ids a b, commit 19
v | n
a | 1
b | 2

INSERT INTO s3 (v) VALUES ('a'), ('b') RETURNING *
----
INSERT 2, ids 10 11, commit 20
id | v
10 | a
11 | b

INSERT INTO s4 (v) VALUES ('a'), ('b') RETURNING *
----
INSERT 2, commit 21
id | v
1 | a
2 | b

INSERT INTO s5 (v) VALUES ('a'), ('b') RETURNING *
----
INSERT 2, ids 100 101, commit 22
id | v
100 | a
101 | b

INSERT INTO s6 (v) VALUES ('a'), ('b') RETURNING *
----
INSERT 2, ids 1 2, commit 23
id | v
1 | a
2 | b

CREATE TABLE s7 (id INT GENERATED BY DEFAULT AS IDENTITY (INCREMENT BY 2))
----
error Unsupported: not supported: the identity option INCREMENT

CREATE TABLE s8 (a SERIAL, b SERIAL)
----
error Invalid: one column of a table has automatic ids

CREATE TABLE s9 (a TEXT AUTOINCREMENT)
----
error Invalid: automatic ids are integers; column 'a' is not

# Keys in both directions.
CREATE TABLE k (a INT, b INT, PRIMARY KEY (a ASC, b DESC), UNIQUE (b, a DESC)) WITHOUT ROWID, STRICT
----
CREATE TABLE, commit 24

INSERT INTO k VALUES (1, 1), (2, 1), (1, 2)
----
INSERT 3, commit 25

SELECT * FROM k
----
a | b
1 | 2
1 | 1
2 | 1

SELECT sql FROM sqlite_master WHERE name IN ('k', 's3', 'loose')
----
sql
CREATE TABLE k (a INTEGER, b INTEGER, PRIMARY KEY (a, b DESC), CONSTRAINT k_b_a_key UNIQUE (b, a))
CREATE TABLE loose (id, v, w NOT NULL DEFAULT (5), x, y, z, PRIMARY KEY (id), CONSTRAINT loose_x_key UNIQUE (x), CONSTRAINT loose_y_check CHECK (y > 0))
CREATE TABLE s3 (id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, v TEXT)
