-- reltuples: -1 is "never analysed" since PostgreSQL 14; before, an empty table and an unknown one look the same.
SELECT relation.oid, nspname AS schema, relname AS name, relkind AS kind,
       CASE WHEN reltuples < 0 OR relkind IN ('v', 'f') OR (reltuples = 0 AND relpages = 0) THEN NULL ELSE reltuples::bigint END AS rows,
       pg_total_relation_size(relation.oid) AS bytes, pg_get_userbyid(relowner) AS owner, relpersistence AS persistence,
       coalesce(amname, '') AS access_method, coalesce(spcname, (SELECT spcname FROM pg_tablespace WHERE oid = (SELECT dattablespace FROM pg_database WHERE datname = current_database()))) AS tablespace,
       CASE WHEN reloftype <> 0 THEN format_type(reloftype, NULL) ELSE '' END AS of_type, relreplident AS replica_identity, relrowsecurity AS row_security, relforcerowsecurity AS row_security_forced,
       CASE WHEN relkind IN ('r', 'm') THEN pg_stat_get_dead_tuples(relation.oid) END AS dead_rows,
       coalesce(pg_get_partkeydef(relation.oid), '') AS partition_key, coalesce(pg_get_expr(relpartbound, relation.oid), '') AS bound,
       coalesce((SELECT identity FROM pg_partitioned_table JOIN relation AS fallback ON fallback.oid = partdefid
                 WHERE partrelid = relation.oid), '') AS default_partition,
       coalesce(referencing.names, '{}') AS referenced_by, coalesce(above.names, '{}') AS parents, coalesce(below.names, '{}') AS children,
       coalesce(query.names, '{}') AS reads, coalesce(published.names, '{}') AS publications
FROM relation
LEFT JOIN pg_am ON pg_am.oid = relam
LEFT JOIN pg_tablespace ON pg_tablespace.oid = reltablespace
LEFT JOIN (
    SELECT confrelid, array_agg(DISTINCT identity) AS names
    FROM pg_constraint JOIN relation ON relation.oid = conrelid WHERE conparentid = 0 GROUP BY confrelid
) AS referencing ON confrelid = relation.oid
LEFT JOIN (
    SELECT inhrelid, array_agg(identity ORDER BY inhseqno) AS names FROM pg_inherits JOIN relation ON relation.oid = inhparent GROUP BY inhrelid
) AS above ON inhrelid = relation.oid
LEFT JOIN (
    SELECT inhparent, array_agg(identity ORDER BY identity) AS names FROM pg_inherits JOIN relation ON relation.oid = inhrelid GROUP BY inhparent
) AS below ON inhparent = relation.oid
LEFT JOIN (
    SELECT ev_class, array_agg(DISTINCT identity) AS names
    FROM pg_rewrite
    JOIN pg_depend ON classid = 'pg_rewrite'::regclass AND objid = pg_rewrite.oid AND refclassid = 'pg_class'::regclass
    JOIN relation ON relation.oid = refobjid
    WHERE refobjid <> ev_class AND rulename = '_RETURN'
    GROUP BY ev_class
) AS query ON ev_class = relation.oid
LEFT JOIN (
    SELECT schemaname, tablename, array_agg(pubname::text ORDER BY pubname) AS names FROM pg_publication_tables GROUP BY 1, 2
) AS published ON (schemaname, tablename) = (nspname, relname)
ORDER BY nspname, relname
