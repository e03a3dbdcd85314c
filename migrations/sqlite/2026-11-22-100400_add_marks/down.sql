-- Why: undoes it.
DROP TABLE marks;
