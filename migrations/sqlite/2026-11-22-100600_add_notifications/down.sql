-- Why: undoes it; what people were told goes.
DROP TABLE notifications;
