-- Why: what Grafana shows of the data itself. Aggregates and names that every visitor of the site
-- can read: no address, no hash, no session. Grafana's role may read this schema and nothing else;
-- the views read the tables with their owner's rights.
-- What they cost: they read the last weeks' messages or all follows, and look into
-- messages_by_author once a user: 1 to 2 seconds each at 100,000 users and 3 million messages, each
-- time that somebody has the dashboard open and it refreshes.
-- A migration that drops or retypes a column which they use has to drop and make them anew.
DO $$
BEGIN
    -- One Minitwit a database has dashboards: the one in the usual schema.
    IF current_schema() IS DISTINCT FROM 'public' THEN
        RETURN;
    END IF;
    -- The stack's database comes with this schema, and with Grafana's rights in it.
    IF NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = 'dashboards') THEN
        CREATE SCHEMA dashboards;
    END IF;

    -- Who wrote most within 30 days.
    CREATE VIEW dashboards.top_posters AS
    SELECT u.username, p.messages, (SELECT count(*) FROM follows f WHERE f.followee_id = u.id) AS followers
    FROM (
        SELECT author_id, count(*) AS messages
        FROM messages
        WHERE NOT flagged AND published_at >= extract(epoch FROM now())::bigint - 30 * 86400
        GROUP BY author_id
        ORDER BY count(*) DESC, author_id
        LIMIT 10
    ) p
    JOIN users u ON u.id = p.author_id
    ORDER BY p.messages DESC, u.username;

    -- Messages of four whole weeks by weekday and hour, in UTC: a row a day, a column an hour.
    CREATE VIEW dashboards.posting_hours AS
    SELECT
        day.name AS weekday,
        count(*) FILTER (WHERE hour = 0) AS "00", count(*) FILTER (WHERE hour = 1) AS "01",
        count(*) FILTER (WHERE hour = 2) AS "02", count(*) FILTER (WHERE hour = 3) AS "03",
        count(*) FILTER (WHERE hour = 4) AS "04", count(*) FILTER (WHERE hour = 5) AS "05",
        count(*) FILTER (WHERE hour = 6) AS "06", count(*) FILTER (WHERE hour = 7) AS "07",
        count(*) FILTER (WHERE hour = 8) AS "08", count(*) FILTER (WHERE hour = 9) AS "09",
        count(*) FILTER (WHERE hour = 10) AS "10", count(*) FILTER (WHERE hour = 11) AS "11",
        count(*) FILTER (WHERE hour = 12) AS "12", count(*) FILTER (WHERE hour = 13) AS "13",
        count(*) FILTER (WHERE hour = 14) AS "14", count(*) FILTER (WHERE hour = 15) AS "15",
        count(*) FILTER (WHERE hour = 16) AS "16", count(*) FILTER (WHERE hour = 17) AS "17",
        count(*) FILTER (WHERE hour = 18) AS "18", count(*) FILTER (WHERE hour = 19) AS "19",
        count(*) FILTER (WHERE hour = 20) AS "20", count(*) FILTER (WHERE hour = 21) AS "21",
        count(*) FILTER (WHERE hour = 22) AS "22", count(*) FILTER (WHERE hour = 23) AS "23"
    FROM (VALUES (0, 'Mon'), (1, 'Tue'), (2, 'Wed'), (3, 'Thu'), (4, 'Fri'), (5, 'Sat'), (6, 'Sun')) AS day (number, name)
    LEFT JOIN (
        -- The epoch began on a Thursday.
        SELECT (published_at / 86400 + 3) % 7 AS weekday, published_at / 3600 % 24 AS hour
        FROM messages
        WHERE NOT flagged AND published_at >= extract(epoch FROM now())::bigint - 28 * 86400
    ) m ON m.weekday = day.number
    GROUP BY day.number, day.name
    ORDER BY day.number;

    -- How many users have how many followers.
    CREATE VIEW dashboards.follower_distribution AS
    WITH followed AS MATERIALIZED (
        SELECT count(*) AS followers FROM follows GROUP BY followee_id
    ),
    tally AS (
        SELECT followers, count(*) AS users FROM followed GROUP BY followers
        UNION ALL
        SELECT 0, (SELECT count(*) FROM users) - (SELECT count(*) FROM followed)
    ),
    step (least, most, name) AS (
        VALUES (0, 0, 'none'), (1, 4, '1 to 4'), (5, 9, '5 to 9'), (10, 19, '10 to 19'), (20, 49, '20 to 49'),
               (50, 99, '50 to 99'), (100, 999, '100 to 999'), (1000, NULL, '1000 or more')
    )
    SELECT step.name AS followers, coalesce(sum(tally.users), 0)::bigint AS users
    FROM step
    LEFT JOIN tally ON tally.followers >= step.least AND (step.most IS NULL OR tally.followers <= step.most)
    GROUP BY step.least, step.name
    ORDER BY step.least;

    -- Who writes at all, and how much of the last 30 days' messages the busiest hundredth wrote.
    CREATE VIEW dashboards.participation AS
    WITH people AS (
        SELECT count(*) AS users,
               count(*) FILTER (
                   WHERE EXISTS (SELECT FROM messages m WHERE m.author_id = u.id AND NOT m.flagged)
               ) AS writers
        FROM users u
    ),
    author AS (
        SELECT count(*) AS messages, row_number() OVER (ORDER BY count(*) DESC) AS place
        FROM messages
        WHERE NOT flagged AND published_at >= extract(epoch FROM now())::bigint - 30 * 86400
        GROUP BY author_id
    ),
    share AS (
        SELECT sum(author.messages) FILTER (WHERE author.place <= ceil(people.users / 100.0)) AS busiest,
               sum(author.messages) AS messages
        FROM author, people
    )
    SELECT people.users,
           people.writers,
           people.users - people.writers AS lurkers,
           (people.users - people.writers)::float8 / nullif(people.users, 0) AS lurker_share,
           (share.busiest / nullif(share.messages, 0))::float8 AS busiest_percent_share
    FROM people, share;
END
$$;
