-- Why: undoes up.sql.
DROP TABLE people_words;
ALTER TABLE users DROP COLUMN is_findable;
ALTER TABLE messages DROP COLUMN words;
