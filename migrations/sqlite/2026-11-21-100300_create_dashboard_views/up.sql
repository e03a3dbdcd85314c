-- Why: keeps the two lists of migrations alike. The views are for Grafana, which reads Postgres
-- over the network; a SQLite file has no reader but Minitwit.
SELECT 1;
