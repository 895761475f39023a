SELECT 'policy', 'pg_policy'::regclass, p.oid, 0, r.name || '.' || quote_ident(p.polname), r.name, jsonb_build_object(
    'command', CASE p.polcmd WHEN 'r' THEN 'select' WHEN 'a' THEN 'insert' WHEN 'w' THEN 'update' WHEN 'd' THEN 'delete' ELSE 'all' END,
    'restrictive', CASE WHEN NOT p.polpermissive THEN 'yes' END,
    'roles', (
        SELECT string_agg(name, ', ' ORDER BY name)
        FROM unnest(p.polroles) role, LATERAL (
            SELECT CASE role WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(role)) END AS name
        ) named
    ),
    'using', pg_get_expr(p.polqual, p.polrelid),
    'with check', pg_get_expr(p.polwithcheck, p.polrelid)
)
FROM pg_policy p
JOIN relation r ON r.oid = p.polrelid
