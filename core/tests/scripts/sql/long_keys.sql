# A key has at most 4,096 bytes; longer ones are refused when the row comes, not when it is stored.

CREATE TABLE t (k TEXT PRIMARY KEY, v TEXT)
----
CREATE TABLE, commit 2

CREATE INDEX t_v ON t (v)
----
CREATE INDEX, commit 3

INSERT INTO t VALUES (REPLACE('          ', ' ', 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'), 'short')
----
INSERT 1, ids xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx, commit 4

SELECT LENGTH(k) FROM t
----
LENGTH(k)
1000

UPDATE t SET v = k || k || k || k || k
----
error Limit: a key has at most 4096 bytes, this one has 6006

INSERT INTO t SELECT k || k || k || k || k, 'x' FROM t
----
error Limit: a key has at most 4096 bytes, this one has 5003

CREATE INDEX t_kv ON t (k, (k || k || k || k))
----
error Limit: a key has at most 4096 bytes, this one has 6009

DROP INDEX t_v
----
DROP INDEX, commit 5

UPDATE t SET v = k || k || k || k || k
----
UPDATE 1, commit 6

CREATE INDEX t_v ON t (v)
----
error Limit: a key has at most 4096 bytes, this one has 6006

SELECT COUNT(*) FROM t
----
COUNT(*)
1
