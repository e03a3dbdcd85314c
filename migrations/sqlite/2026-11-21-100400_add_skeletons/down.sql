-- Why: undoes up.sql.
DROP INDEX users_by_skeleton;
ALTER TABLE users DROP COLUMN skeleton;
