-- Why: back to no simulator. Forgets its latest action.
DROP TABLE simulator_latest;
