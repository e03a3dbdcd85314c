-- Why: undoes up.sql.
DROP INDEX messages_without_words;
