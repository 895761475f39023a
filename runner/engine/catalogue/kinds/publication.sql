SELECT 'publication', 'pg_publication'::regclass, p.oid, 0, quote_ident(p.pubname), '', jsonb_build_object(
    'owner', quote_ident(pg_get_userbyid(p.pubowner)),
    'all tables', CASE WHEN p.puballtables THEN 'yes' END,
    'operations', concat_ws(', ',
        CASE WHEN p.pubinsert THEN 'insert' END, CASE WHEN p.pubupdate THEN 'update' END,
        CASE WHEN p.pubdelete THEN 'delete' END, CASE WHEN p.pubtruncate THEN 'truncate' END),
    'via root', CASE WHEN p.pubviaroot THEN 'yes' END,
    -- pg_publication.pubgencols came with PostgreSQL 18.
    'generated columns', CASE to_jsonb(p) ->> 'pubgencols' WHEN 's' THEN 'stored' END,
    'tables', l.tables,
    'schemas', l.schemas
)
FROM pg_publication p
LEFT JOIN published l ON l.publication = p.oid
