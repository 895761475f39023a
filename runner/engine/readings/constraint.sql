SELECT relation.oid, conname AS name, contype AS kind, pg_get_constraintdef(pg_constraint.oid) AS definition,
       convalidated AS validated, coalesce(space.nspname || '.' || other.relname, '') AS references,
       ARRAY(SELECT attname::text FROM unnest(conkey) WITH ORDINALITY AS key (number, place)
             JOIN pg_attribute ON attrelid = conrelid AND attnum = number ORDER BY place) AS columns,
       ARRAY(SELECT attname::text FROM unnest(confkey) WITH ORDINALITY AS key (number, place)
             JOIN pg_attribute ON attrelid = confrelid AND attnum = number ORDER BY place) AS referenced_columns,
       CASE WHEN contype = 'f' THEN confdeltype::text ELSE '' END AS on_delete,
       CASE WHEN contype = 'f' THEN confupdtype::text ELSE '' END AS on_update, coninhcount > 0 AS inherited
FROM relation
JOIN pg_constraint ON conrelid = relation.oid
LEFT JOIN pg_class AS other ON other.oid = confrelid
LEFT JOIN pg_namespace AS space ON space.oid = other.relnamespace
WHERE contype <> 't'
ORDER BY relation.oid, conname
