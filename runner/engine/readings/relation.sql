WITH relation AS (
    SELECT pg_class.*, nspname, nspname || '.' || relname AS identity
    FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'lockgate')
      AND relname <> 'flyway_schema_history' AND relkind IN ('r', 'p', 'v', 'm', 'f')
)
