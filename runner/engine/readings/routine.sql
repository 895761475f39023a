-- Trigger functions; or, of some names, those that may write. No definition: it is in a language that is not read.
SELECT nspname || '.' || proname AS name,
       CASE WHEN lanname IN ('sql', 'plpgsql') THEN pg_get_functiondef(pg_proc.oid) END AS definition
FROM pg_proc JOIN pg_namespace ON pg_namespace.oid = pronamespace JOIN pg_language ON pg_language.oid = prolang
WHERE nspname NOT IN ('pg_catalog', 'information_schema') AND prokind IN ('f', 'p')
  AND (CASE WHEN %(names)s::text[] IS NULL THEN prorettype = 'trigger'::regtype ELSE proname = ANY (%(names)s) AND provolatile = 'v' END)
ORDER BY 1, 2
