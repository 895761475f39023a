SELECT 'operator family', 'pg_opfamily'::regclass, f.oid, 0, format('%s.%I USING %I', s.name, f.opfname, m.amname), s.name, jsonb_build_object(
    'owner', quote_ident(pg_get_userbyid(f.opfowner)),
    'members', members.list
)
FROM pg_opfamily f
JOIN space s ON s.oid = f.opfnamespace
JOIN pg_am m ON m.oid = f.opfmethod
LEFT JOIN members ON members.class = 'pg_opfamily'::regclass AND members.oid = f.oid
