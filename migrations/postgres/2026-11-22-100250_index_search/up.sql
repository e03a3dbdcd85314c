-- Why: the indexes of search, apart from its columns: their making holds up those who write, but nobody who reads. No
-- row has words yet, so the first one is made as fast as the table is read. A short list of what is new (KiB) is
-- merged into it often: a search has to read that list, and whoever posts when it is full merges it.
CREATE INDEX messages_by_words ON messages USING gin (words) WITH (gin_pending_list_limit = 256) WHERE words IS NOT NULL;
CREATE INDEX users_not_findable ON users (id) WHERE NOT is_findable;
