SELECT 'constraint', 'pg_constraint'::regclass, c.oid, 0,
       coalesce(r.name, c.contypid::regtype::text) || '.' || quote_ident(c.conname),
       coalesce(r.name, c.contypid::regtype::text),
       jsonb_build_object(
           'definition', pg_get_constraintdef(c.oid),
           'inherited', CASE WHEN NOT c.conislocal THEN 'yes' END
       )
FROM pg_constraint c
LEFT JOIN relation r ON r.oid = c.conrelid
LEFT JOIN (SELECT t.oid, t.typname FROM pg_type t JOIN space s ON s.oid = t.typnamespace) domain ON domain.oid = c.contypid
LEFT JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
WHERE (r.oid IS NOT NULL OR domain.oid IS NOT NULL)
  AND c.contype <> 't'  -- a constraint trigger is a trigger
  AND NOT (c.contype = 'f' AND c.conparentid <> 0)  -- made by PostgreSQL for a partition
  -- NOT NULL is an attribute of the column; from PostgreSQL 18 on it has a name, which counts when somebody chose it.
  AND NOT (c.contype = 'n' AND c.convalidated AND NOT c.connoinherit
           AND c.conname = coalesce(r.relname || '_' || a.attname, domain.typname) || '_not_null')
