-- Why: undoes up.sql. The schema stays: Grafana's rights hang on it.
DO $$
BEGIN
    IF current_schema() IS NOT DISTINCT FROM 'public' THEN
        DROP VIEW IF EXISTS dashboards.top_posters, dashboards.posting_hours,
            dashboards.follower_distribution, dashboards.participation;
    END IF;
END
$$;
