SELECT 'trigger', 'pg_trigger'::regclass, t.oid, 0, r.name || '.' || quote_ident(t.tgname), r.name, jsonb_build_object(
    'definition', pg_get_triggerdef(t.oid),
    'inherited', CASE WHEN t.tgparentid <> 0 THEN 'yes' END,
    'enabled', CASE t.tgenabled WHEN 'O' THEN NULL WHEN 'D' THEN 'no' WHEN 'R' THEN 'on replicas' ELSE 'always' END
)
FROM pg_trigger t
JOIN relation r ON r.oid = t.tgrelid
LEFT JOIN pg_trigger p ON p.oid = t.tgparentid
-- A partition's copy, which PostgreSQL 14 and older call internal, counts when it is set differently.
WHERE (NOT t.tgisinternal OR NOT p.tgisinternal) AND p.tgenabled IS DISTINCT FROM t.tgenabled
