SELECT 'transform', 'pg_transform'::regclass, t.oid, 0, format('FOR %s LANGUAGE %I', format_type(t.trftype, NULL), l.lanname), '',
       jsonb_build_object(
           'from', CASE WHEN t.trffromsql <> 0 THEN t.trffromsql::regprocedure::text END,
           'to', CASE WHEN t.trftosql <> 0 THEN t.trftosql::regprocedure::text END
       )
FROM pg_transform t
JOIN pg_language l ON l.oid = t.trflang
