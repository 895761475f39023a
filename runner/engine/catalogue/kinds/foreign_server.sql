SELECT 'foreign server', 'pg_foreign_server'::regclass, s.oid, 0, quote_ident(s.srvname), '', jsonb_build_object(
    'owner', quote_ident(pg_get_userbyid(s.srvowner)),
    'wrapper', quote_ident(w.fdwname),
    'type', s.srvtype,
    'version', s.srvversion,
    'options', (SELECT string_agg(item, E'\n' ORDER BY item) FROM unnest(s.srvoptions) item)
)
FROM pg_foreign_server s
JOIN pg_foreign_data_wrapper w ON w.oid = s.srvfdw
