SELECT 'schema', 'pg_namespace'::regclass, oid, 0, name, '', jsonb_build_object('owner', quote_ident(pg_get_userbyid(nspowner)))
FROM space
