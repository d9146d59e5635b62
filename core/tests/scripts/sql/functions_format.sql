# Times in PostgreSQL's patterns.
SELECT to_char(TIMESTAMP '2024-03-05 10:20:30', 'YYYY-MM-DD'), to_char(TIMESTAMP '2024-03-05 10:20:30', 'HH24:MI:SS'), to_char(TIMESTAMP '2024-03-05 15:04:05.678901', 'HH12:MI AM, MS US')
----
to_char(TIMESTAMP '2024-03-05 10:20:30', 'YYYY-MM-DD') | to_char(TIMESTAMP '2024-03-05 10:20:30', 'HH24:MI:SS') | to_char(TIMESTAMP '2024-03-05 15:04:05.678901', 'HH12:MI AM, MS US')
2024-03-05 | 10:20:30 | 03:04 PM, 678 678901

SELECT to_char(TIMESTAMP '2024-03-05 00:00:00', 'Day, DD Month YYYY'), to_char(TIMESTAMP '2024-03-05 00:00:00', 'FMDay, FMDD FMMonth YYYY'), to_char(TIMESTAMP '2024-03-05 00:00:00', 'DY dd MON yy'), to_char(TIMESTAMP '2024-12-30 00:00:00', 'IYYY-IW, DDD, WW, Q')
----
to_char(TIMESTAMP '2024-03-05 00:00:00', 'Day, DD Month YYYY') | to_char(TIMESTAMP '2024-03-05 00:00:00', 'FMDay, FMDD FMMonth YYYY') | to_char(TIMESTAMP '2024-03-05 00:00:00', 'DY dd MON yy') | to_char(TIMESTAMP '2024-12-30 00:00:00', 'IYYY-IW, DDD, WW, Q')
Tuesday  , 05 March     2024 | Tuesday, 5 March 2024 | TUE 05 MAR 24 | 2025-01, 365, 53, 4

SELECT to_char(DATE '2024-03-05', 'YYYY"th year"'), to_char(TIMESTAMP '2024-03-05 00:30:00', 'HH:MI pm'), to_char(NULL, 'YYYY')
----
to_char(DATE '2024-03-05', 'YYYY"th year"') | to_char(TIMESTAMP '2024-03-05 00:30:00', 'HH:MI pm') | to_char(NULL, 'YYYY')
2024th year | 12:30 am | NULL

SELECT to_char(DATE '2024-03-05', 'YYYY week')
----
error Sql: TO_CHAR does not know 'week'; write text in double quotes

# Numbers.
SELECT to_char(1234.5, '9,999.99'), to_char(1234.5, 'FM9,999.99'), to_char(-5, '999'), to_char(5, '000'), to_char(12345, '999'), to_char(0.5, '0.00'), to_char(42, 'S99'), to_char(0.5, '9.99')
----
to_char(1234.5, '9,999.99') | to_char(1234.5, 'FM9,999.99') | to_char(-5, '999') | to_char(5, '000') | to_char(12345, '999') | to_char(0.5, '0.00') | to_char(42, 'S99') | to_char(0.5, '9.99')
 1,234.50 | 1,234.50 |   -5 |  005 |  ### |  0.50 | +42 |   .50

SELECT to_char(12345, '999') || '|', to_char(-12345.6, '9,999.99') || '|', to_char(100, 'FM99') || '|'
----
to_char(12345, '999') || '|' | to_char(-12345.6, '9,999.99') || '|' | to_char(100, 'FM99') || '|'
 ###| | -#,###.##| | ##|

SELECT to_char(1, 'RN')
----
error Sql: TO_CHAR of numbers knows 9 0 . , D G S and FM, not 'R'

# Between two times.
SELECT age(TIMESTAMP '2024-03-05 12:00:00', TIMESTAMP '2023-01-31 06:00:00'), age(DATE '2024-02-29', DATE '2024-03-31'), age(DATE '2024-01-01', DATE '2024-01-01')
----
age(TIMESTAMP '2024-03-05 12:00:00', TIMESTAMP '2023-01-31 06:00:00') | age(DATE '2024-02-29', DATE '2024-03-31') | age(DATE '2024-01-01', DATE '2024-01-01')
1 year 1 month 5 days 06:00:00 | -1 month -2 days | 00:00:00

SELECT log10(1000), log10(2) > 0.3, log(100), log(2, 8)
----
log10(1000) | log10(2) > 0.3 | log(100) | log(2, 8)
3.0 | true | 2.0 | 3.0

SELECT log10(0)
----
error Value: LOG10 of 0 is out of range
