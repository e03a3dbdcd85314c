-- Why: back to no sessions. Signs everybody out.
DROP TABLE sessions;
