-- Why: whom a message mentions is decided when it is posted, and kept; its tags lead to timelines of their own.
CREATE TABLE mentions (
    message_id BIGINT NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    PRIMARY KEY (message_id, user_id)
);
CREATE INDEX mentions_by_user ON mentions (user_id, message_id);

-- The primary key is a tag's timeline, read from its end.
CREATE TABLE message_tags (
    tag TEXT COLLATE "C" NOT NULL,
    published_at BIGINT NOT NULL,
    message_id BIGINT NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    PRIMARY KEY (tag, published_at, message_id)
);
CREATE INDEX message_tags_by_message ON message_tags (message_id, tag);
