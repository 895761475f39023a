SELECT 'collation', 'pg_collation'::regclass, c.oid, 0, c.oid::regcollation::text, s.name, jsonb_build_object(
    'owner', quote_ident(pg_get_userbyid(c.collowner)),
    'provider', CASE c.collprovider WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' ELSE 'libc' END,
    'nondeterministic', CASE WHEN NOT c.collisdeterministic THEN 'yes' END,
    'collate', c.collcollate,
    'ctype', c.collctype,
    -- colllocale was called colliculocale in PostgreSQL 15 and 16, which brought it
    'locale', coalesce(to_jsonb(c) ->> 'colllocale', to_jsonb(c) ->> 'colliculocale'),
    'rules', to_jsonb(c) ->> 'collicurules'
)
FROM pg_collation c
JOIN space s ON s.oid = c.collnamespace
