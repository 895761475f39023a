-- Without the connection string, which may hold a password; and without the OID, which PostgreSQL 13 shows to superusers only.
SELECT 'subscription', 'pg_subscription'::regclass, 0::oid, 0, quote_ident(s.subname), '', jsonb_build_object(
    'owner', quote_ident(pg_get_userbyid(s.subowner)),
    'enabled', CASE WHEN NOT s.subenabled THEN 'no' END,
    'slot', quote_ident(s.subslotname),
    'publications', (SELECT string_agg(quote_ident(name), ', ' ORDER BY name) FROM unnest(s.subpublications) name)
)
FROM pg_subscription s
WHERE s.subdbid = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
