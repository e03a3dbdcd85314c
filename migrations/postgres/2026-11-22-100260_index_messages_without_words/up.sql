-- Why: the messages whose words are still to be worked out are found at once. In a transaction of its own: of a million
-- messages all are in it at first, and those who write wait for no other index meanwhile.
CREATE INDEX messages_without_words ON messages (id) WHERE words IS NULL;
