SELECT 'language', 'pg_language'::regclass, l.oid, 0, quote_ident(l.lanname), '', jsonb_build_object(
    'owner', quote_ident(pg_get_userbyid(l.lanowner)),
    'trusted', CASE WHEN l.lanpltrusted THEN 'yes' END,
    'handler', CASE WHEN l.lanplcallfoid <> 0 THEN l.lanplcallfoid::regproc::text END,
    'inline', CASE WHEN l.laninline <> 0 THEN l.laninline::regproc::text END,
    'validator', CASE WHEN l.lanvalidator <> 0 THEN l.lanvalidator::regproc::text END
)
FROM pg_language l
WHERE l.oid >= 16384
