SELECT 'conversion', 'pg_conversion'::regclass, c.oid, 0, format('%s.%I', s.name, c.conname), s.name, jsonb_build_object(
    'owner', quote_ident(pg_get_userbyid(c.conowner)),
    'source', pg_encoding_to_char(c.conforencoding),
    'result', pg_encoding_to_char(c.contoencoding),
    'function', c.conproc::regproc::text,
    'default', CASE WHEN c.condefault THEN 'yes' END
)
FROM pg_conversion c
JOIN space s ON s.oid = c.connamespace
