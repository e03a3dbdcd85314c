-- Why: messages answer messages. A table beside them: most answer none, a release before this one shows replies like
-- other messages, and the large table is neither locked nor read. No foreign key on parent_id: a reply outlives what it
-- answers. The index lists the replies to a message, in order.
CREATE TABLE replies (
    message_id INTEGER PRIMARY KEY NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    parent_id BIGINT NOT NULL
);
CREATE INDEX replies_by_parent ON replies (parent_id, message_id);
