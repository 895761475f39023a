CREATE INDEX i ON bids (amount);
CREATE INDEX IF NOT EXISTS bids_status ON bids (status);
CREATE UNIQUE INDEX i ON bids (id, amount);
CREATE INDEX i ON bids (lower(status)) WHERE amount > 3;
CREATE INDEX i ON events (at);
CREATE INDEX i ON ONLY events (id);
CREATE INDEX i ON animals (id);
CREATE INDEX i ON bid_totals (total);
-- outside a transaction block
-- held up by: INSERT INTO bids (id) VALUES (-1)
CREATE INDEX CONCURRENTLY i ON bids (amount);
-- outside a transaction block
-- held up by: INSERT INTO bids (id) VALUES (-1)
CREATE UNIQUE INDEX CONCURRENTLY i ON bids (id, amount);
DROP INDEX bids_status;
DROP INDEX events_kind;
DROP INDEX IF EXISTS nothing;
-- outside a transaction block
-- held up by: INSERT INTO bids (id) VALUES (-1)
DROP INDEX CONCURRENTLY bids_status;
REINDEX INDEX bids_status;
REINDEX TABLE bids;
-- since: 14
-- outside a transaction block
-- held up by: LOCK TABLE events_2025 IN ROW EXCLUSIVE MODE
REINDEX TABLE events;
-- outside a transaction block
-- held up by: INSERT INTO bids (id) VALUES (-1)
REINDEX INDEX CONCURRENTLY bids_status;
-- outside a transaction block
-- held up by: INSERT INTO bids (id) VALUES (-1)
REINDEX TABLE CONCURRENTLY bids;
ALTER INDEX bids_status RENAME TO i;
ALTER INDEX bids_status SET (fillfactor = 70);
-- with a second tablespace
ALTER INDEX bids_status SET TABLESPACE elsewhere;
ALTER INDEX users_initials ALTER COLUMN 1 SET STATISTICS 500;
CREATE STATISTICS s ON id, amount FROM bids;
ALTER STATISTICS bids_numbers SET STATISTICS 500;
ALTER STATISTICS bids_numbers RENAME TO s;
DROP STATISTICS bids_numbers;
CLUSTER bids USING bids_pkey;
-- outside a transaction block
VACUUM bids;
-- outside a transaction block
-- held up by: SELECT * FROM bids
VACUUM FULL bids;
-- outside a transaction block
-- held up by: LOCK TABLE events IN SHARE UPDATE EXCLUSIVE MODE
VACUUM events;
-- outside a transaction block
VACUUM (ANALYZE) bids;
ANALYZE bids;
ANALYZE bids (amount);
ANALYZE events;
ANALYZE animals;
CREATE INDEX i ON regions (id);
ALTER INDEX events_id ATTACH PARTITION events_2025_id;
ANALYZE regions;
ANALYZE;
ALTER INDEX measures_number SET (deduplicate_items = off);
ALTER INDEX projects_words SET (fastupdate = off);
