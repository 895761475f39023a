SELECT 'operator', 'pg_operator'::regclass, o.oid, 0, o.oid::regoperator::text, s.name, jsonb_build_object(
    'owner', quote_ident(pg_get_userbyid(o.oprowner)),
    'function', o.oprcode::regprocedure::text,
    'left', CASE WHEN o.oprleft <> 0 THEN format_type(o.oprleft, NULL) END,
    'right', CASE WHEN o.oprright <> 0 THEN format_type(o.oprright, NULL) END,
    'commutator', CASE WHEN o.oprcom <> 0 THEN o.oprcom::regoperator::text END,
    'negator', CASE WHEN o.oprnegate <> 0 THEN o.oprnegate::regoperator::text END,
    'restriction', CASE WHEN o.oprrest <> 0 THEN o.oprrest::regproc::text END,
    'join', CASE WHEN o.oprjoin <> 0 THEN o.oprjoin::regproc::text END,
    'hashes', CASE WHEN o.oprcanhash THEN 'yes' END,
    'merges', CASE WHEN o.oprcanmerge THEN 'yes' END
)
FROM pg_operator o
JOIN space s ON s.oid = o.oprnamespace
WHERE o.oprcode <> 0  -- a mere promise, made by another operator that names it
