SELECT pg_is_in_recovery() AS is_standby, (SELECT count(*) FROM pg_stat_replication) AS standbys,
       (SELECT count(*) FROM pg_replication_slots) AS slots,
       (SELECT max(pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_receive_lsn() ELSE pg_current_wal_lsn() END, replay_lsn))::bigint
        FROM pg_stat_replication) AS lag_bytes
