-- Why: messages are found by their words, and people by those of their names. The words are made by Minitwit, not by
-- the database (src/domain/words.rs), so that both databases answer alike. NULL and FALSE: not worked out yet, because
-- an older release stored the row; src/db/words.rs and src/db/people.rs do it then.
ALTER TABLE messages ADD COLUMN words BOOLEAN;
ALTER TABLE users ADD COLUMN is_findable BOOLEAN NOT NULL DEFAULT FALSE;

-- The words of the messages whose column says so, by their ids. The texts themselves are not kept twice.
CREATE VIRTUAL TABLE message_words USING fts5(words, content='', contentless_delete=1, tokenize='ascii');

CREATE TABLE people_words (
    word TEXT NOT NULL,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    PRIMARY KEY (word, user_id)
) WITHOUT ROWID;
CREATE INDEX people_words_by_user ON people_words (user_id, word);
