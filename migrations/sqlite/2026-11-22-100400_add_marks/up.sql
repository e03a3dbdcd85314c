-- Why: likes, reposts and bookmarks. The primary key counts and lists those of a message, and answers "is it mine"; the
-- index by user lists what one person liked, reposted or keeps; the last one is for the reposts in home timelines.
CREATE TABLE marks (
    message_id BIGINT NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (message_id, kind, user_id)
) WITHOUT ROWID;
CREATE INDEX marks_by_user ON marks (user_id, kind, created_at DESC, message_id DESC);
CREATE INDEX reposts_by_time ON marks (created_at DESC, message_id DESC) WHERE kind = 'repost';
