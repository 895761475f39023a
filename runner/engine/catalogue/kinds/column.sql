SELECT 'column', 'pg_class'::regclass, r.oid, a.attnum, r.name || '.' || quote_ident(a.attname), r.name, jsonb_build_object(
    'position', (row_number() OVER (PARTITION BY a.attrelid ORDER BY a.attnum))::text,
    'type', format_type(a.atttypid, a.atttypmod),
    'collation', CASE WHEN a.attcollation <> t.typcollation THEN a.attcollation::regcollation::text END,
    'not null', CASE WHEN a.attnotnull THEN 'yes' END,
    'default', CASE WHEN a.attgenerated = '' THEN pg_get_expr(d.adbin, d.adrelid) END,
    'generated', CASE a.attgenerated WHEN 's' THEN pg_get_expr(d.adbin, d.adrelid) || ' stored'
                                     WHEN 'v' THEN pg_get_expr(d.adbin, d.adrelid) || ' virtual' END,
    'identity', CASE a.attidentity WHEN 'a' THEN 'always' WHEN 'd' THEN 'by default' END,
    'storage', CASE WHEN a.attstorage <> t.typstorage THEN
        CASE a.attstorage WHEN 'p' THEN 'plain' WHEN 'e' THEN 'external' WHEN 'm' THEN 'main' WHEN 'x' THEN 'extended' END END,
    -- pg_attribute.attcompression came with PostgreSQL 14; types of fixed length have none.
    'compression', CASE WHEN t.typstorage <> 'p' THEN
        CASE to_jsonb(a) ->> 'attcompression' WHEN 'p' THEN 'pglz' WHEN 'l' THEN 'lz4' END END,
    -- -1 until PostgreSQL 16, null from 17 on
    'statistics target', nullif(a.attstattarget, -1)::text,
    'options', (SELECT string_agg(item, E'\n' ORDER BY item) FROM unnest(a.attoptions) item),
    'foreign options', (SELECT string_agg(item, E'\n' ORDER BY item) FROM unnest(a.attfdwoptions) item),
    'inherited', CASE WHEN NOT a.attislocal AND NOT r.relispartition THEN 'yes' END
)
FROM relation r
JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE r.relkind IN ('r', 'p', 'f', 'v', 'm', 'c')
