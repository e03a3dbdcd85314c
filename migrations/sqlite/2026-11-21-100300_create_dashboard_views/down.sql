-- Why: undoes up.sql, which did nothing.
SELECT 1;
