SELECT 'cast', 'pg_cast'::regclass, c.oid, 0, format('(%s AS %s)', format_type(c.castsource, NULL), format_type(c.casttarget, NULL)), '',
       jsonb_build_object(
           'by', CASE c.castmethod WHEN 'i' THEN 'INOUT' WHEN 'b' THEN 'WITHOUT FUNCTION' ELSE c.castfunc::regprocedure::text END,
           'context', CASE c.castcontext WHEN 'a' THEN 'assignment' WHEN 'i' THEN 'implicit' END
       )
FROM pg_cast c
WHERE c.oid >= 16384
  -- That of a range to its multirange comes and goes with it.
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_cast'::regclass AND d.objid = c.oid AND d.deptype = 'i')
