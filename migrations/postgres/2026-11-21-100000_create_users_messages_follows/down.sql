-- Why: back to nothing. Takes all users and messages with it.
DROP TABLE follows;
DROP TABLE messages;
DROP TABLE users;
