SELECT CASE r.relkind WHEN 'v' THEN 'view' ELSE 'materialized view' END, 'pg_class'::regclass, r.oid, 0, r.name, r.schema, jsonb_build_object(
    'owner', quote_ident(pg_get_userbyid(r.relowner)),
    'access method', nullif(m.amname, 'heap'),
    'tablespace', quote_ident(p.spcname),
    'definition', pg_get_viewdef(r.oid),
    'options', (SELECT string_agg(item, ', ' ORDER BY item) FROM unnest(r.reloptions) item),
    'state', CASE WHEN NOT r.relispopulated THEN 'unpopulated' END
)
FROM relation r
LEFT JOIN pg_am m ON m.oid = r.relam
LEFT JOIN pg_tablespace p ON p.oid = r.reltablespace
WHERE r.relkind IN ('v', 'm')
