SELECT name, setting || coalesce(unit, '') AS setting FROM pg_settings
WHERE name IN (
    'TimeZone', 'lock_timeout', 'statement_timeout', 'idle_in_transaction_session_timeout', 'transaction_timeout',
    'deadlock_timeout', 'maintenance_work_mem', 'max_parallel_maintenance_workers', 'wal_level', 'synchronous_commit',
    'synchronous_standby_names', 'max_locks_per_transaction', 'default_transaction_isolation', 'session_replication_role',
    'default_table_access_method', 'track_counts', 'autovacuum'
)
