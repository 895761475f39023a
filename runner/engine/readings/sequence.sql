, sequence AS (
    SELECT pg_class.oid, space.nspname || '.' || pg_class.relname AS name
    FROM pg_class JOIN pg_namespace AS space ON space.oid = relnamespace WHERE relkind = 'S' AND nspname NOT IN ('lockgate')
)
SELECT sequence.name, coalesce(identity, '') AS owner, coalesce(attname, '') AS column
FROM sequence
LEFT JOIN pg_depend ON classid = 'pg_class'::regclass AND objid = sequence.oid AND refclassid = 'pg_class'::regclass AND deptype IN ('a', 'i')
LEFT JOIN relation ON relation.oid = refobjid
LEFT JOIN pg_attribute ON attrelid = refobjid AND attnum = refobjsubid
ORDER BY 1
