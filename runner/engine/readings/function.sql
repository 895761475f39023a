-- alphabetically, the most volatile is the last
SELECT nspname || '.' || proname AS name, max(provolatile::text) AS volatility
FROM pg_proc JOIN pg_namespace ON pg_namespace.oid = pronamespace
WHERE nspname NOT IN ('pg_catalog', 'information_schema') AND prokind IN ('f', 'p')
GROUP BY nspname, proname ORDER BY 1
