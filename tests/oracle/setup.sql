-- What every topic begins with: NULLs, duplicates, rows without a partner on either side.
CREATE TABLE authors (id INTEGER PRIMARY KEY, name TEXT NOT NULL, born INTEGER, country TEXT);
INSERT INTO authors VALUES (1, 'ada', 1815, 'uk'), (2, 'grace', 1906, 'us'), (3, 'alan', 1912, 'uk'),
  (4, 'edsger', 1930, 'nl'), (5, 'barbara', 1939, 'us'), (6, 'unknown', NULL, NULL);
CREATE TABLE books (id INTEGER PRIMARY KEY, author_id INTEGER REFERENCES authors (id), title TEXT,
  year INTEGER, price REAL, stock INTEGER);
INSERT INTO books VALUES (10, 1, 'notes', 1843, 12.5, 3), (11, 2, 'compilers', 1952, 30.0, 0),
  (12, 2, 'cobol', 1959, 30.0, 7), (13, 3, 'machines', 1936, 45.25, 2), (14, 3, 'morphogenesis', 1952, NULL, 1),
  (15, 4, 'discipline', 1976, 45.25, NULL), (16, 4, 'structured', 1972, 20.0, 5),
  (17, NULL, 'anonymous', NULL, 5.0, 100);
CREATE TABLE sales (id INTEGER PRIMARY KEY, book_id INTEGER, day TEXT, qty INTEGER, amount DECIMAL(10, 2), buyer TEXT);
INSERT INTO sales VALUES (1, 10, '2024-01-05', 2, 25.00, 'kim'), (2, 10, '2024-01-06', 1, 12.50, 'lee'),
  (3, 11, '2024-01-06', 1, 30.00, 'kim'), (4, 12, '2024-02-01', 3, 90.00, NULL), (5, 12, '2024-02-14', 1, 29.99, 'kim'),
  (6, 13, '2024-02-14', 2, 90.50, 'sam'), (7, 16, '2024-03-01', 4, 80.00, 'lee'), (8, 16, '2024-03-09', NULL, 20.00, 'sam'),
  (9, 99, '2024-03-09', 1, 1.25, 'ghost'), (10, NULL, '2024-03-10', 5, 0.00, NULL);
CREATE TABLE n (a INTEGER, b INTEGER, c TEXT);
INSERT INTO n VALUES (1, 10, 'x'), (1, 20, 'y'), (2, 10, 'x'), (2, NULL, 'z'), (NULL, 10, NULL), (NULL, NULL, 'x'),
  (3, 30, 'y'), (3, 30, 'y'), (4, 0, ''), (-5, 7, 'Z');
CREATE TABLE emp (id INTEGER PRIMARY KEY, name TEXT, boss INTEGER, dept TEXT, pay INTEGER);
INSERT INTO emp VALUES (1, 'ann', NULL, 'top', 900), (2, 'bob', 1, 'dev', 500), (3, 'cid', 1, 'ops', 450),
  (4, 'dan', 2, 'dev', 300), (5, 'eve', 2, 'dev', 300), (6, 'fay', 3, 'ops', 200), (7, 'gus', 6, 'ops', NULL),
  (8, 'hal', 4, NULL, 150);
CREATE TABLE l (k INTEGER, v TEXT);
INSERT INTO l VALUES (1, 'l1'), (2, 'l2'), (2, 'l2b'), (3, 'l3'), (NULL, 'ln');
CREATE TABLE r (k INTEGER, w TEXT);
INSERT INTO r VALUES (2, 'r2'), (2, 'r2b'), (3, 'r3'), (4, 'r4'), (NULL, 'rn');
