-- Why: the simulator's latest action, the same for every replica, without a row they would queue for.
-- A sequence's value is set without a lock, survives a rollback and a restart, and may go down.
CREATE SEQUENCE simulator_latest AS BIGINT MINVALUE -9223372036854775808 START -1;
