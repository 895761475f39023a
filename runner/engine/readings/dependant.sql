, dependency AS (
    SELECT classid, objid, refobjid AS oid,
           coalesce(array_agg(DISTINCT attname::text ORDER BY attname::text) FILTER (WHERE refobjsubid > 0), '{}') AS columns
    FROM pg_depend
    LEFT JOIN pg_attribute ON attrelid = refobjid AND attnum = refobjsubid
    WHERE refclassid = 'pg_class'::regclass AND classid IN ('pg_rewrite'::regclass, 'pg_proc'::regclass, 'pg_policy'::regclass)
    GROUP BY classid, objid, refobjid
)
SELECT dependency.oid, CASE relkind WHEN 'v' THEN 'view' ELSE 'materialized view' END AS kind, identity AS name, '' AS on,
       columns, '' AS function, ARRAY[]::text[] AS events, true AS enabled
FROM dependency JOIN pg_rewrite ON classid = 'pg_rewrite'::regclass AND objid = pg_rewrite.oid
JOIN relation ON relation.oid = ev_class
WHERE rulename = '_RETURN' AND ev_class <> dependency.oid
UNION ALL
SELECT coalesce(dependency.oid, relation.oid), 'rule', rulename, identity, coalesce(columns, '{}'), '',
       ARRAY[(CASE ev_type WHEN '2' THEN 'update' WHEN '3' THEN 'insert' ELSE 'delete' END)], ev_enabled IN ('O', 'A')
FROM pg_rewrite JOIN relation ON relation.oid = ev_class
LEFT JOIN dependency ON classid = 'pg_rewrite'::regclass AND objid = pg_rewrite.oid
WHERE rulename <> '_RETURN'
UNION ALL
SELECT coalesce(dependency.oid, relation.oid), 'policy', polname, identity, coalesce(columns, '{}'), '', '{}', true
FROM pg_policy JOIN relation ON relation.oid = polrelid
LEFT JOIN dependency ON classid = 'pg_policy'::regclass AND objid = pg_policy.oid
UNION ALL
SELECT dependency.oid, 'function', nspname || '.' || proname, '', columns, '', '{}', true
FROM dependency JOIN pg_proc ON classid = 'pg_proc'::regclass AND objid = pg_proc.oid
JOIN pg_namespace ON pg_namespace.oid = pronamespace
UNION ALL
SELECT relation.oid, 'function', space.nspname || '.' || proname, '', '{}', '', '{}', true
FROM pg_depend JOIN relation ON refobjid IN (reltype, (SELECT typarray FROM pg_type WHERE pg_type.oid = reltype))
JOIN pg_proc ON objid = pg_proc.oid JOIN pg_namespace AS space ON space.oid = pronamespace
WHERE classid = 'pg_proc'::regclass AND refclassid = 'pg_type'::regclass
UNION ALL
SELECT relation.oid, 'trigger', tgname, identity,
       ARRAY(SELECT attname::text FROM pg_attribute WHERE attrelid = tgrelid AND attnum = ANY (tgattr)), space.nspname || '.' || proname,
       -- the bits of src/include/catalog/pg_trigger.h
       ARRAY(SELECT CASE WHEN tgtype & 64 <> 0 THEN 'instead of ' ELSE '' END || event
             FROM (VALUES (4, 'insert'), (16, 'update'), (8, 'delete'), (32, 'truncate')) listed (bit, event) WHERE tgtype & bit <> 0),
       tgenabled IN ('O', 'A')
FROM pg_trigger JOIN relation ON relation.oid = tgrelid JOIN pg_proc ON pg_proc.oid = tgfoid
JOIN pg_namespace AS space ON space.oid = pronamespace
WHERE NOT tgisinternal
UNION ALL
SELECT relation.oid, 'statistics', space.nspname || '.' || stxname, '',
       ARRAY(SELECT attname::text FROM pg_attribute WHERE attrelid = stxrelid AND attnum = ANY (stxkeys)), '', '{}', true
FROM pg_statistic_ext JOIN relation ON relation.oid = stxrelid JOIN pg_namespace AS space ON space.oid = stxnamespace
ORDER BY 1, 2, 3
