WITH RECURSIVE below AS (
    SELECT oid AS domain, oid, typbasetype, typnotnull, typnamespace FROM pg_type WHERE typtype = 'd'
    UNION ALL
    SELECT domain, pg_type.oid, pg_type.typbasetype, pg_type.typnotnull, below.typnamespace
    FROM below JOIN pg_type ON pg_type.oid = below.typbasetype WHERE typtype = 'd'
)
SELECT format_type(domain, NULL) AS name, format_type(pg_type.typbasetype, pg_type.typtypmod) AS type,
       bool_or(below.typnotnull OR EXISTS (SELECT FROM pg_constraint WHERE contypid = below.oid)) AS constrained
FROM below JOIN pg_type ON pg_type.oid = domain JOIN pg_namespace ON pg_namespace.oid = pg_type.typnamespace
WHERE nspname NOT IN ('pg_catalog', 'information_schema')
GROUP BY domain, pg_type.typbasetype, pg_type.typtypmod ORDER BY 1
