SELECT 'extension', 'pg_extension'::regclass, e.oid, 0, quote_ident(e.extname), '', jsonb_build_object(
    'schema', e.extnamespace::regnamespace::text,
    'version', e.extversion
)
FROM pg_extension e
