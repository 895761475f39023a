SELECT CASE p.prokind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' ELSE 'function' END,
       'pg_proc'::regclass, p.oid, 0, p.oid::regprocedure::text, s.name, jsonb_build_object(
    'owner', pg_get_userbyid(p.proowner),
    'arguments', pg_get_function_arguments(p.oid),
    'returns', pg_get_function_result(p.oid),
    'language', l.lanname,
    -- A body in SQL's own syntax is kept parsed, and shown only within the whole definition.
    'body', CASE WHEN p.prokind = 'a' THEN NULL WHEN p.prosrc = '' THEN pg_get_functiondef(p.oid) ELSE p.prosrc END,
    'library', p.probin,
    'window', CASE WHEN p.prokind = 'w' THEN 'yes' END,
    'volatility', CASE p.provolatile WHEN 'i' THEN 'immutable' WHEN 's' THEN 'stable' ELSE 'volatile' END,
    'parallel', CASE p.proparallel WHEN 's' THEN 'safe' WHEN 'r' THEN 'restricted' ELSE 'unsafe' END,
    'strict', CASE WHEN p.proisstrict THEN 'yes' END,
    'security definer', CASE WHEN p.prosecdef THEN 'yes' END,
    'leakproof', CASE WHEN p.proleakproof THEN 'yes' END,
    'cost', p.procost::text,
    'rows', CASE WHEN p.proretset THEN p.prorows::text END,
    'support', CASE WHEN p.prosupport <> 0 THEN p.prosupport::text END,
    'settings', array_to_string(p.proconfig, ', '),
    'transition', g.aggtransfn::regprocedure::text,
    'state type', format_type(g.aggtranstype, NULL),
    'initial state', g.agginitval,
    'final', CASE WHEN g.aggfinalfn <> 0 THEN g.aggfinalfn::regprocedure::text END,
    'combine', CASE WHEN g.aggcombinefn <> 0 THEN g.aggcombinefn::regprocedure::text END
)
FROM pg_proc p
JOIN space s ON s.oid = p.pronamespace
JOIN pg_language l ON l.oid = p.prolang
LEFT JOIN pg_aggregate g ON g.aggfnoid = p.oid
-- Constructors of a range type come and go with it.
WHERE NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'i')
