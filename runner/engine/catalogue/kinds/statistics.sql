SELECT 'statistics object', 'pg_statistic_ext'::regclass, e.oid, 0, format('%s.%I', e.stxnamespace::regnamespace, e.stxname), r.name,
       jsonb_build_object(
           'owner', quote_ident(pg_get_userbyid(e.stxowner)),
           'definition', pg_get_statisticsobjdef(e.oid),
           'target', nullif(e.stxstattarget, -1)::text
       )
FROM pg_statistic_ext e
JOIN relation r ON r.oid = e.stxrelid
