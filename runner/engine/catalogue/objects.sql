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
), listed AS (
    -- Whatever has privileges of its own, system objects and members of extensions included.
    SELECT 'pg_class'::regclass AS class, oid, 0 AS sub, relacl AS given,
           acldefault((CASE relkind WHEN 'S' THEN 's' ELSE 'r' END)::"char", relowner) AS usual
    FROM pg_class WHERE relacl IS NOT NULL
    UNION ALL
    SELECT 'pg_class'::regclass, a.attrelid, a.attnum, a.attacl, acldefault('c', c.relowner)
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid WHERE a.attacl IS NOT NULL
    UNION ALL
    SELECT 'pg_namespace'::regclass, oid, 0, nspacl, acldefault('n', nspowner) FROM pg_namespace WHERE nspacl IS NOT NULL
    UNION ALL
    SELECT 'pg_proc'::regclass, oid, 0, proacl, acldefault('f', proowner) FROM pg_proc WHERE proacl IS NOT NULL
    UNION ALL
    SELECT 'pg_type'::regclass, oid, 0, typacl, acldefault('T', typowner) FROM pg_type WHERE typacl IS NOT NULL
    UNION ALL
    SELECT 'pg_language'::regclass, oid, 0, lanacl, acldefault('l', lanowner) FROM pg_language WHERE lanacl IS NOT NULL
    UNION ALL
    SELECT 'pg_foreign_data_wrapper'::regclass, oid, 0, fdwacl, acldefault('F', fdwowner)
    FROM pg_foreign_data_wrapper WHERE fdwacl IS NOT NULL
    UNION ALL
    SELECT 'pg_foreign_server'::regclass, oid, 0, srvacl, acldefault('S', srvowner) FROM pg_foreign_server WHERE srvacl IS NOT NULL
), acl AS (
    -- Of objects that PostgreSQL or an extension made: against what these began with.
    SELECT l.class, l.oid, l.sub, l.given, origin.alien, CASE WHEN origin.alien THEN coalesce(i.initprivs, l.usual) ELSE l.usual END AS usual
    FROM listed l
    LEFT JOIN pg_init_privs i ON i.classoid = l.class AND i.objoid = l.oid AND i.objsubid = l.sub
    LEFT JOIN pg_depend e ON e.classid = l.class AND e.objid = l.oid AND e.objsubid = 0 AND e.deptype = 'e',
    LATERAL (SELECT (l.oid < 16384 OR e.objid IS NOT NULL) AND NOT (l.class = 'pg_namespace'::regclass AND l.oid = 2200) AS alien) origin
), granted AS (
    -- Against the defaults: those differ between major versions, and an object without a list has them too.
    SELECT class, oid, sub, alien,
           string_agg(entry, ', ' ORDER BY entry) FILTER (WHERE given) AS grants,
           string_agg(entry, ', ' ORDER BY entry) FILTER (WHERE NOT given) AS revoked
    FROM (
        SELECT class, oid, sub, alien, given,
               format('%s to %s', string_agg(privilege, '/' ORDER BY privilege), role) AS entry
        FROM (
            SELECT acl.class, acl.oid, acl.sub, acl.alien, item.given,
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
        GROUP BY class, oid, sub, alien, given, role
    ) entries
    GROUP BY class, oid, sub, alien
), members AS (
    SELECT d.refclassid AS class, d.refobjid AS oid, string_agg(m.line, ', ' ORDER BY m.line) AS list
    FROM (
        SELECT 'pg_amop'::regclass AS class, o.oid, format('OPERATOR %s %s%s', o.amopstrategy, o.amopopr::regoperator, (
            SELECT format(' FOR ORDER BY %I.%I', n.nspname, f.opfname)
            FROM pg_opfamily f JOIN pg_namespace n ON n.oid = f.opfnamespace WHERE f.oid = o.amopsortfamily
        )) AS line
        FROM pg_amop o
        UNION ALL
        SELECT 'pg_amproc'::regclass, p.oid, format('FUNCTION %s (%s, %s) %s', p.amprocnum, format_type(p.amproclefttype, NULL),
                                                    format_type(p.amprocrighttype, NULL), p.amproc::regprocedure)
        FROM pg_amproc p
    ) m
    JOIN pg_depend d ON d.classid = m.class AND d.objid = m.oid AND d.deptype IN ('i', 'a')
                    AND d.refclassid IN ('pg_opclass'::regclass, 'pg_opfamily'::regclass)
    WHERE m.oid >= 16384
    GROUP BY d.refclassid, d.refobjid
), bound AS (
    SELECT d.classid AS class, d.objid AS oid, string_agg(quote_ident(e.extname), ', ' ORDER BY e.extname) AS extensions
    FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid
    WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'x'
    GROUP BY d.classid, d.objid
), labelled AS (
    SELECT classoid AS class, objoid AS oid, objsubid AS sub,
           string_agg(provider || '=' || label, E'\n' ORDER BY provider) AS labels
    FROM pg_seclabel
    GROUP BY classoid, objoid, objsubid
), published AS (
    {published}
), object (kind, class, oid, sub, name, parent, attributes) AS (
    {objects}
)
SELECT o.class::oid, o.oid, o.sub, o.kind, o.name, o.parent,
       jsonb_strip_nulls(o.attributes - 'state' || jsonb_build_object(
           'comment', d.description, 'grants', g.grants, 'revoked', g.revoked, 'goes with', b.extensions,
           'security labels', l.labels)),
       coalesce(o.attributes ->> 'state', '')
FROM object o
LEFT JOIN pg_description d ON d.classoid = o.class AND d.objoid = o.oid AND d.objsubid = o.sub
LEFT JOIN granted g ON g.class = o.class AND g.oid = o.oid AND g.sub = o.sub AND NOT g.alien
LEFT JOIN labelled l ON l.class = o.class AND l.oid = o.oid AND l.sub = o.sub
LEFT JOIN bound b ON b.class = o.class AND b.oid = o.oid AND o.sub = 0
WHERE NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = o.class AND e.objid = o.oid AND e.deptype = 'e')
