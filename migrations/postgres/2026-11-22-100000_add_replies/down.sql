-- Why: undoes it; what was a reply stays as a message.
DROP TABLE replies;
