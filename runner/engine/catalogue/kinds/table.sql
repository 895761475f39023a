SELECT 'table', 'pg_class'::regclass, r.oid, 0, r.name, r.schema, jsonb_build_object(
    'owner', quote_ident(pg_get_userbyid(r.relowner)),
    'persistence', CASE r.relpersistence WHEN 'u' THEN 'unlogged' WHEN 't' THEN 'temporary' END,
    'access method', nullif(m.amname, 'heap'),
    'of type', CASE WHEN r.reloftype <> 0 THEN r.reloftype::regtype::text END,
    'partitioned by', pg_get_partkeydef(r.oid),
    'partition of', CASE WHEN r.relispartition THEN ancestors.names END,
    'bounds', pg_get_expr(r.relpartbound, r.oid),
    'inherits', CASE WHEN NOT r.relispartition THEN ancestors.names END,
    'foreign server', quote_ident(s.srvname),
    'foreign options', (SELECT string_agg(item, E'\n' ORDER BY item) FROM unnest(f.ftoptions) item),
    'tablespace', quote_ident(p.spcname),
    'row security', CASE WHEN r.relrowsecurity THEN 'yes' END,
    'row security forced', CASE WHEN r.relforcerowsecurity THEN 'yes' END,
    'replica identity', CASE WHEN r.relkind <> 'f' THEN
        CASE r.relreplident WHEN 'n' THEN 'nothing' WHEN 'f' THEN 'full' WHEN 'i' THEN 'index' END END,
    'options', (SELECT string_agg(item, ', ' ORDER BY item) FROM unnest(r.reloptions) item),
    'toast options', (SELECT string_agg(item, ', ' ORDER BY item) FROM unnest(t.reloptions) item)
)
FROM relation r
LEFT JOIN pg_am m ON m.oid = r.relam
LEFT JOIN pg_tablespace p ON p.oid = r.reltablespace
LEFT JOIN pg_class t ON t.oid = r.reltoastrelid
LEFT JOIN pg_foreign_table f ON f.ftrelid = r.oid
LEFT JOIN pg_foreign_server s ON s.oid = f.ftserver
LEFT JOIN (
    SELECT inhrelid, string_agg(inhparent::regclass::text, ', ' ORDER BY inhseqno) AS names FROM pg_inherits GROUP BY inhrelid
) ancestors ON ancestors.inhrelid = r.oid
WHERE r.relkind IN ('r', 'p', 'f')
