-- Why: the simulator's latest action. One row, read like Postgres' sequence of the same name:
-- SQLite has one writer at a time, so nobody queues for the row who would not queue anyway.
CREATE TABLE simulator_latest (last_value BIGINT NOT NULL);
INSERT INTO simulator_latest (last_value) VALUES (-1);
