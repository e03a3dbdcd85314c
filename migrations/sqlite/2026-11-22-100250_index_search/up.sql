-- Why: the people whose words are still to be worked out are found at once. (On Postgres the index of words is made
-- here, too.)
CREATE INDEX users_not_findable ON users (id) WHERE NOT is_findable;
