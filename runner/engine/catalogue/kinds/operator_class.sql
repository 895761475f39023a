SELECT 'operator class', 'pg_opclass'::regclass, c.oid, 0, format('%s.%I USING %I', s.name, c.opcname, m.amname), s.name, jsonb_build_object(
    'owner', quote_ident(pg_get_userbyid(c.opcowner)),
    'family', (SELECT format('%I.%I', n.nspname, f.opfname) FROM pg_opfamily f JOIN pg_namespace n ON n.oid = f.opfnamespace
               WHERE f.oid = c.opcfamily),
    'type', format_type(c.opcintype, NULL),
    'default', CASE WHEN c.opcdefault THEN 'yes' END,
    'stored as', CASE WHEN c.opckeytype <> 0 THEN format_type(c.opckeytype, NULL) END,
    'members', members.list
)
FROM pg_opclass c
JOIN space s ON s.oid = c.opcnamespace
JOIN pg_am m ON m.oid = c.opcmethod
LEFT JOIN members ON members.class = 'pg_opclass'::regclass AND members.oid = c.oid
