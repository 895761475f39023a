-- Who needs whom, both as class, oid and number of the column.
WITH alias (class, oid, actual_class, actual_oid, actual_sub) AS (
    -- Whose dependency it is in truth: a default's is its column's, a view's rule's the view's, an array's that of its element.
    SELECT 'pg_attrdef'::regclass, oid, 'pg_class'::regclass, adrelid, adnum::int FROM pg_attrdef
    UNION ALL
    SELECT 'pg_rewrite'::regclass, oid, 'pg_class'::regclass, ev_class, 0 FROM pg_rewrite WHERE rulename = '_RETURN' AND oid >= 16384
    UNION ALL
    SELECT 'pg_publication_rel'::regclass, oid, 'pg_publication'::regclass, prpubid, 0 FROM pg_publication_rel
    UNION ALL
    SELECT 'pg_class'::regclass, conindid, 'pg_constraint'::regclass, oid, 0
    FROM pg_constraint WHERE contype IN ('p', 'u', 'x') AND oid >= 16384
    UNION ALL
    SELECT 'pg_class'::regclass, oid, 'pg_type'::regclass, reltype, 0 FROM pg_class WHERE relkind = 'c'
    UNION ALL
    SELECT classid, objid, refclassid, refobjid, 0
    FROM pg_depend
    WHERE classid IN ('pg_amop'::regclass, 'pg_amproc'::regclass) AND refclassid IN ('pg_opclass'::regclass, 'pg_opfamily'::regclass)
      AND deptype IN ('i', 'a') AND objid >= 16384
    UNION ALL
    -- An array's element; but the row type of a table, and arrays of it, are the table's.
    SELECT 'pg_type'::regclass, t.oid, (CASE WHEN c.oid IS NULL THEN 'pg_type' ELSE 'pg_class' END)::regclass, coalesce(c.oid, e.oid), 0
    FROM pg_type t
    JOIN pg_type e ON e.oid = CASE WHEN t.typtype = 'c' THEN t.oid ELSE t.typelem END
    LEFT JOIN pg_class c ON c.oid = e.typrelid AND c.relkind <> 'c'
    WHERE t.oid >= 16384 AND (c.oid IS NOT NULL OR t.typtype <> 'c')
)
SELECT DISTINCT coalesce(a.actual_class, d.classid)::oid, coalesce(a.actual_oid, d.objid), coalesce(a.actual_sub, d.objsubid),
       coalesce(b.actual_class, d.refclassid)::oid, coalesce(b.actual_oid, d.refobjid), coalesce(b.actual_sub, d.refobjsubid)
FROM pg_depend d
LEFT JOIN alias a ON a.class = d.classid AND a.oid = d.objid AND d.objsubid = 0
LEFT JOIN alias b ON b.class = d.refclassid AND b.oid = d.refobjid AND d.refobjsubid = 0
WHERE d.deptype IN ('n', 'a', 'x') AND d.objid >= 16384
