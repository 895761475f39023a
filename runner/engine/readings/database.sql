SELECT current_setting('server_version_num')::int AS server_version, current_database() AS database,
       pg_database_size(current_database()) AS bytes, current_schemas(false)::text[] AS search_path,
       ARRAY(SELECT extname || ' ' || extversion FROM pg_extension ORDER BY extname) AS extensions
