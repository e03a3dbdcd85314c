-- Why: what people say about themselves. A table beside the users, with a row for those who said something: signing in
-- and timelines read no more than before, and a release before this one knows nothing of it.
CREATE TABLE profiles (
    user_id BIGINT NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    display_name TEXT,
    bio TEXT,
    website TEXT,
    notifications_seen BIGINT NOT NULL DEFAULT 0
);
