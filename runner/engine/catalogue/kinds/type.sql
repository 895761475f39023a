SELECT CASE t.typtype WHEN 'd' THEN 'domain' ELSE 'type' END, 'pg_type'::regclass, t.oid, 0, t.oid::regtype::text, s.name, jsonb_build_object(
    'owner', quote_ident(pg_get_userbyid(t.typowner)),
    'form', CASE t.typtype WHEN 'e' THEN 'enum' WHEN 'c' THEN 'composite' WHEN 'r' THEN 'range' WHEN 'b' THEN 'base' END,
    'labels', (SELECT string_agg(quote_literal(enumlabel), ', ' ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = t.oid),
    'base type', CASE WHEN t.typtype = 'd' THEN format_type(t.typbasetype, t.typtypmod) END,
    'not null', CASE WHEN t.typnotnull THEN 'yes' END,
    'default', pg_get_expr(t.typdefaultbin, 0),
    'collation', CASE WHEN t.typcollation <> b.typcollation THEN t.typcollation::regcollation::text END,
    'subtype', format_type(g.rngsubtype, NULL),
    'subtype collation', CASE WHEN g.rngcollation <> 0 THEN g.rngcollation::regcollation::text END,
    'operator class', o.opcnamespace::regnamespace || '.' || quote_ident(o.opcname),
    'canonical function', CASE WHEN g.rngcanonical <> 0 THEN g.rngcanonical::regprocedure::text END,
    'difference function', CASE WHEN g.rngsubdiff <> 0 THEN g.rngsubdiff::regprocedure::text END,
    -- pg_range.rngmultitypid came with PostgreSQL 14.
    'multirange', (to_jsonb(g) ->> 'rngmultitypid')::oid::regtype::text,
    'input', CASE WHEN t.typtype = 'b' THEN t.typinput::regprocedure::text END,
    'output', CASE WHEN t.typtype = 'b' THEN t.typoutput::regprocedure::text END
)
FROM pg_type t
JOIN space s ON s.oid = t.typnamespace
LEFT JOIN relation c ON c.oid = t.typrelid AND c.relkind = 'c'
LEFT JOIN pg_type b ON b.oid = t.typbasetype
LEFT JOIN pg_range g ON g.rngtypid = t.oid
LEFT JOIN pg_opclass o ON o.oid = g.rngsubopc
WHERE (t.typtype IN ('b', 'd', 'e', 'r') OR c.oid IS NOT NULL)
  AND NOT EXISTS (SELECT FROM pg_type element WHERE element.typarray = t.oid)
