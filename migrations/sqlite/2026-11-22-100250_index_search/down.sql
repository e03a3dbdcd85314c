-- Why: undoes up.sql.
DROP INDEX users_not_findable;
