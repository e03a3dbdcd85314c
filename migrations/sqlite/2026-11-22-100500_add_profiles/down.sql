-- Why: undoes it; what people said about themselves goes.
DROP TABLE profiles;
