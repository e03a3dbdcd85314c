-- Why: back to no simulator. Forgets its latest action.
DROP SEQUENCE simulator_latest;
