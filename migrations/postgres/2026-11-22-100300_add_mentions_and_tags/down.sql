-- Why: undoes up.sql.
DROP TABLE message_tags;
DROP TABLE mentions;
