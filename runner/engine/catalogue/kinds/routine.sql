SELECT CASE p.prokind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' ELSE 'function' END,
       'pg_proc'::regclass, p.oid, 0, p.oid::regprocedure::text, s.name, jsonb_build_object(
    'owner', quote_ident(pg_get_userbyid(p.proowner)),
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
    'settings', array_to_string(p.proconfig, E'\n'),
    'transition', g.aggtransfn::regprocedure::text,
    'state type', format_type(g.aggtranstype, NULL),
    'initial state', g.agginitval,
    'final', CASE WHEN g.aggfinalfn <> 0 THEN g.aggfinalfn::regprocedure::text END,
    'final extra', CASE WHEN g.aggfinalextra THEN 'yes' END,
    'final modify', CASE g.aggfinalmodify WHEN 's' THEN 'shareable' WHEN 'w' THEN 'read_write' ELSE 'read_only' END,
    'combine', CASE WHEN g.aggcombinefn <> 0 THEN g.aggcombinefn::regprocedure::text END,
    'serial', CASE WHEN g.aggserialfn <> 0 THEN g.aggserialfn::regprocedure::text END,
    'deserial', CASE WHEN g.aggdeserialfn <> 0 THEN g.aggdeserialfn::regprocedure::text END,
    'state space', nullif(g.aggtransspace, 0)::text,
    'hypothetical', CASE WHEN g.aggkind = 'h' THEN 'yes' END,
    'sort operator', CASE WHEN g.aggsortop <> 0 THEN g.aggsortop::regoperator::text END,
    'moving transition', CASE WHEN g.aggmtransfn <> 0 THEN g.aggmtransfn::regprocedure::text END,
    'moving inverse', CASE WHEN g.aggminvtransfn <> 0 THEN g.aggminvtransfn::regprocedure::text END,
    'moving state type', CASE WHEN g.aggmtransfn <> 0 THEN format_type(g.aggmtranstype, NULL) END,
    'moving state space', nullif(g.aggmtransspace, 0)::text,
    'moving initial state', g.aggminitval,
    'moving final', CASE WHEN g.aggmfinalfn <> 0 THEN g.aggmfinalfn::regprocedure::text END
)
FROM pg_proc p
JOIN space s ON s.oid = p.pronamespace
JOIN pg_language l ON l.oid = p.prolang
LEFT JOIN pg_aggregate g ON g.aggfnoid = p.oid
-- Constructors of a range type come and go with it.
WHERE NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'i')
