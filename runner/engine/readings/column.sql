SELECT relation.oid, attname AS name, format_type(atttypid, atttypmod) AS type, attnotnull AS not_null,
       CASE WHEN attgenerated = '' THEN coalesce(pg_get_expr(adbin, adrelid), '') ELSE '' END AS default,
       attidentity AS identity, attgenerated AS generated
FROM relation
JOIN pg_attribute ON attrelid = relation.oid AND attnum > 0 AND NOT attisdropped
LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
ORDER BY relation.oid, attnum
