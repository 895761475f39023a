SELECT schemaname || '.' || relname AS name, seq_scan + coalesce(idx_scan, 0) AS scans, n_tup_ins + n_tup_upd + n_tup_del AS writes
FROM pg_stat_user_tables
WHERE seq_scan + coalesce(idx_scan, 0) + n_tup_ins + n_tup_upd + n_tup_del > 0 AND schemaname <> 'lockgate'
ORDER BY seq_scan + coalesce(idx_scan, 0) + n_tup_ins + n_tup_upd + n_tup_del DESC, 1
LIMIT 10
