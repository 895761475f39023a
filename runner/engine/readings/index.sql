SELECT relation.oid, index.relname AS name, pg_get_indexdef(indexrelid) AS definition, indisunique AS unique, indisvalid AS valid,
       index.relpages::bigint * current_setting('block_size')::bigint AS bytes,
       ARRAY(SELECT DISTINCT attname::text FROM pg_attribute WHERE attrelid = indrelid AND attnum > 0 AND (
           attnum = ANY (indkey) OR attnum IN (
               SELECT refobjsubid FROM pg_depend
               WHERE classid = 'pg_class'::regclass AND objid = indexrelid AND refclassid = 'pg_class'::regclass AND refobjid = indrelid
           ))) AS columns,
       coalesce(conname, '') AS constraint, coalesce(space.nspname || '.' || parent.relname, '') AS parent,
       indpred IS NULL AND indexprs IS NULL AS plain
FROM relation
JOIN pg_index ON indrelid = relation.oid
JOIN pg_class AS index ON index.oid = indexrelid
LEFT JOIN pg_constraint ON conindid = indexrelid AND conrelid = indrelid AND contype IN ('p', 'u', 'x')
LEFT JOIN pg_inherits ON inhrelid = indexrelid
LEFT JOIN pg_class AS parent ON parent.oid = inhparent
LEFT JOIN pg_namespace AS space ON space.oid = parent.relnamespace
ORDER BY relation.oid, index.relname
