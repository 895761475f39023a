SELECT 'access method', 'pg_am'::regclass, a.oid, 0, quote_ident(a.amname), '', jsonb_build_object(
    'form', CASE a.amtype WHEN 't' THEN 'table' ELSE 'index' END,
    'handler', a.amhandler::regproc::text
)
FROM pg_am a
WHERE a.oid >= 16384
