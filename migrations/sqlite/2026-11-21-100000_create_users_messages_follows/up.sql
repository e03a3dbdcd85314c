-- Why: the core of Minitwit: who there is, what they said, whom they follow.
CREATE TABLE users (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    username TEXT NOT NULL UNIQUE,
    email TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    author_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    text TEXT NOT NULL,
    published_at BIGINT NOT NULL,
    flagged BOOLEAN NOT NULL DEFAULT FALSE
);

-- The public timeline, and one author's: newest first, flagged ones never.
CREATE INDEX messages_by_time ON messages (published_at DESC, id DESC) WHERE NOT flagged;
CREATE INDEX messages_by_author ON messages (author_id, published_at DESC, id DESC) WHERE NOT flagged;

-- The primary key answers "whom do I follow", the index "who follows me".
CREATE TABLE follows (
    follower_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    followee_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    PRIMARY KEY (follower_id, followee_id),
    CHECK (follower_id <> followee_id)
) WITHOUT ROWID;
CREATE INDEX follows_by_followee ON follows (followee_id, follower_id);
