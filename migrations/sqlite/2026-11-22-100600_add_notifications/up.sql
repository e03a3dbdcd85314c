-- Why: who is told what: that somebody answered, mentioned, liked, reposted or follows. The first two indexes list them,
-- all and of one kind, newest first; the third finds what is taken back, the last what goes with a message.
CREATE TABLE notifications (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    actor_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    message_id BIGINT REFERENCES messages (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL
);
CREATE INDEX notifications_by_user ON notifications (user_id, id DESC);
CREATE INDEX notifications_by_kind ON notifications (user_id, kind, id DESC);
CREATE INDEX notifications_by_actor ON notifications (actor_id, kind, user_id, message_id);
CREATE INDEX notifications_by_message ON notifications (message_id) WHERE message_id IS NOT NULL;
