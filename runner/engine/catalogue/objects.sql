-- The frame around the other files: the placeholder {objects} stands for their union, and {published} for a file that fits the server. Run with an empty search_path, so that every name comes out qualified.
WITH space AS (
    SELECT n.*, quote_ident(n.nspname) AS name
    FROM pg_namespace n
    WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'lockgate')
), relation AS (
    SELECT c.*, s.name AS schema, c.oid::regclass::text AS name
    FROM pg_class c
    JOIN space s ON s.oid = c.relnamespace
    WHERE c.relname <> 'flyway_schema_history'
      AND NOT EXISTS (
          SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
      )
), acl AS (
    SELECT 'pg_class'::regclass AS class, oid, 0 AS sub, relacl AS given,
           acldefault((CASE relkind WHEN 'S' THEN 's' ELSE 'r' END)::"char", relowner) AS usual
    FROM relation WHERE relacl IS NOT NULL
    UNION ALL
    SELECT 'pg_class'::regclass, a.attrelid, a.attnum, a.attacl, acldefault('c', r.relowner)
    FROM pg_attribute a JOIN relation r ON r.oid = a.attrelid WHERE a.attacl IS NOT NULL
    UNION ALL
    SELECT 'pg_namespace'::regclass, oid, 0, nspacl, acldefault('n', nspowner) FROM space WHERE nspacl IS NOT NULL
    UNION ALL
    SELECT 'pg_proc'::regclass, p.oid, 0, p.proacl, acldefault('f', p.proowner)
    FROM pg_proc p JOIN space s ON s.oid = p.pronamespace WHERE p.proacl IS NOT NULL
    UNION ALL
    SELECT 'pg_type'::regclass, t.oid, 0, t.typacl, acldefault('T', t.typowner)
    FROM pg_type t JOIN space s ON s.oid = t.typnamespace WHERE t.typacl IS NOT NULL
    UNION ALL
    SELECT 'pg_foreign_server'::regclass, oid, 0, srvacl, acldefault('S', srvowner) FROM pg_foreign_server WHERE srvacl IS NOT NULL
), granted AS (
    -- Against the defaults: those differ between major versions, and an object without a list has them too.
    SELECT class, oid, sub,
           string_agg(entry, ', ' ORDER BY entry) FILTER (WHERE given) AS grants,
           string_agg(entry, ', ' ORDER BY entry) FILTER (WHERE NOT given) AS revoked
    FROM (
        SELECT class, oid, sub, given,
               format('%s to %s', string_agg(privilege, '/' ORDER BY privilege), role) AS entry
        FROM (
            SELECT acl.class, acl.oid, acl.sub, item.given,
                   CASE item.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(item.grantee)) END AS role,
                   item.privilege_type || CASE WHEN item.is_grantable THEN ' with grant option' ELSE '' END AS privilege
            FROM acl, LATERAL (
                (SELECT true AS given, grantee, privilege_type, is_grantable FROM aclexplode(acl.given)
                 EXCEPT SELECT true, grantee, privilege_type, is_grantable FROM aclexplode(acl.usual))
                UNION ALL
                (SELECT false, grantee, privilege_type, is_grantable FROM aclexplode(acl.usual)
                 EXCEPT SELECT false, grantee, privilege_type, is_grantable FROM aclexplode(acl.given))
            ) item
        ) privileges
        GROUP BY class, oid, sub, given, role
    ) entries
    GROUP BY class, oid, sub
), published AS (
    {published}
), object (kind, class, oid, sub, name, parent, attributes) AS (
    {objects}
)
SELECT o.class::oid, o.oid, o.sub, o.kind, o.name, o.parent,
       jsonb_strip_nulls(o.attributes - 'state' || jsonb_build_object('comment', d.description, 'grants', g.grants, 'revoked', g.revoked)),
       coalesce(o.attributes ->> 'state', '')
FROM object o
LEFT JOIN pg_description d ON d.classoid = o.class AND d.objoid = o.oid AND d.objsubid = o.sub
LEFT JOIN granted g ON g.class = o.class AND g.oid = o.oid AND g.sub = o.sub
WHERE NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = o.class AND e.objid = o.oid AND e.deptype = 'e')
