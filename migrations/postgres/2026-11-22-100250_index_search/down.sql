-- Why: undoes up.sql.
DROP INDEX users_not_findable;
DROP INDEX messages_by_words;
