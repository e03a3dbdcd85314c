-- Why: what search has still to work out is found at once. (On Postgres the index of words is made here, too.)
CREATE INDEX messages_without_words ON messages (id) WHERE words IS NULL;
CREATE INDEX users_not_findable ON users (id) WHERE NOT is_findable;
