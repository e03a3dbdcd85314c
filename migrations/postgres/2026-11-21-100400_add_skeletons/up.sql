-- Why: people are refused a name that looks like somebody else's. Nullable: a release that does not know the
-- column stores users too, and this one then works it out (src/db/skeletons.rs). Not unique: the simulator's
-- names may look alike, and so may those of before.
ALTER TABLE users ADD COLUMN skeleton TEXT;
CREATE INDEX users_by_skeleton ON users (skeleton);
