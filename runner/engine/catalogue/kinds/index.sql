SELECT 'index', 'pg_class'::regclass, i.indexrelid, 0, i.indexrelid::regclass::text,
       r.name || coalesce('.' || quote_ident(c.conname), ''), jsonb_build_object(
    'definition', pg_get_indexdef(i.indexrelid),
    'attached to', p.inhparent::regclass::text,
    'tablespace', quote_ident(s.spcname),
    'statistics targets', targets.list,
    'invalid', CASE WHEN NOT i.indisvalid THEN 'yes' END,
    'clustered', CASE WHEN i.indisclustered THEN 'yes' END,
    'replica identity', CASE WHEN i.indisreplident THEN 'yes' END
)
FROM pg_index i
JOIN relation r ON r.oid = i.indrelid
LEFT JOIN pg_constraint c ON c.conindid = i.indexrelid AND c.conrelid = i.indrelid AND c.contype IN ('p', 'u', 'x')
JOIN pg_class x ON x.oid = i.indexrelid
LEFT JOIN pg_tablespace s ON s.oid = x.reltablespace
LEFT JOIN pg_inherits p ON p.inhrelid = i.indexrelid
LEFT JOIN (
    SELECT attrelid, string_agg(attnum || ' to ' || attstattarget, ', ' ORDER BY attnum) AS list
    FROM pg_attribute WHERE attstattarget >= 0 GROUP BY attrelid
) targets ON targets.attrelid = i.indexrelid AND x.relkind IN ('i', 'I')
