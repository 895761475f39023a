SELECT 'default privileges', 'pg_default_acl'::regclass, d.oid, 0,
       concat_ws(' ', 'of', quote_ident(pg_get_userbyid(d.defaclrole)), 'in ' || s.name, 'on',
                 CASE d.defaclobjtype WHEN 'r' THEN 'tables' WHEN 'S' THEN 'sequences' WHEN 'f' THEN 'functions'
                                      WHEN 'T' THEN 'types' WHEN 'n' THEN 'schemas' ELSE 'large objects' END),
       coalesce(s.name, ''),
       jsonb_build_object('role', quote_ident(pg_get_userbyid(d.defaclrole)), 'privileges', (
           SELECT string_agg(entry, ', ' ORDER BY entry)
           FROM aclexplode(d.defaclacl) item, LATERAL (
               SELECT format('%s to %s', item.privilege_type || CASE WHEN item.is_grantable THEN ' with grant option' ELSE '' END,
                             CASE item.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(item.grantee)) END) AS entry
           ) named
       ))
FROM pg_default_acl d
LEFT JOIN space s ON s.oid = d.defaclnamespace
WHERE d.defaclnamespace = 0 OR s.oid IS NOT NULL
