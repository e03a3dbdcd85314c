-- Why: messages are found by their words, and people by those of their names. The words are made by Minitwit, not by
-- the database (src/domain/words.rs), so that both databases answer alike. NULL and FALSE: not worked out yet, because
-- an older release stored the row; src/db/words.rs and src/db/people.rs do it then.
ALTER TABLE messages ADD COLUMN words TSVECTOR;
ALTER TABLE users ADD COLUMN is_findable BOOLEAN NOT NULL DEFAULT FALSE;

-- In the order of bytes, so that what begins alike stands together.
CREATE TABLE people_words (
    word TEXT COLLATE "C" NOT NULL,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    PRIMARY KEY (word, user_id)
);
CREATE INDEX people_words_by_user ON people_words (user_id, word);
