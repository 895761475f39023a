SELECT 'rule', 'pg_rewrite'::regclass, w.oid, 0, r.name || '.' || quote_ident(w.rulename), r.name, jsonb_build_object(
    'definition', pg_get_ruledef(w.oid),
    'enabled', CASE w.ev_enabled WHEN 'O' THEN NULL WHEN 'D' THEN 'no' WHEN 'R' THEN 'on replicas' ELSE 'always' END
)
FROM pg_rewrite w
JOIN relation r ON r.oid = w.ev_class
WHERE w.rulename <> '_RETURN'  -- a view's own definition
