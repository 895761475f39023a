SELECT extract(epoch FROM max(now() - xact_start))::float AS longest_transaction, count(*) FILTER (WHERE state = 'active') AS active_sessions
FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
