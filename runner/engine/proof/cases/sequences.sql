-- after: ALTER TABLE users ALTER email DROP NOT NULL
ALTER TABLE users ALTER email SET NOT NULL;
-- after: ALTER TABLE users DROP CONSTRAINT phone_is_there
ALTER TABLE users ALTER phone SET NOT NULL;
-- after: ALTER TABLE bids ADD CONSTRAINT c CHECK (amount IS NOT NULL) NOT VALID
-- after: ALTER TABLE bids VALIDATE CONSTRAINT c
ALTER TABLE bids ALTER amount SET NOT NULL;
-- after: ALTER TABLE bids ADD CONSTRAINT c CHECK (amount IS NOT NULL) NOT VALID
ALTER TABLE bids ALTER amount SET NOT NULL;
-- after: ALTER TABLE users RENAME COLUMN email TO mail
ALTER TABLE users ALTER mail SET NOT NULL;
-- after: ALTER TABLE users RENAME COLUMN email TO mail
ALTER TABLE users ALTER mail TYPE varchar(200);
-- after: ALTER TABLE ledger ADD COLUMN a varchar(10)
ALTER TABLE ledger ALTER a TYPE varchar(20);
-- after: ALTER TABLE ledger ADD COLUMN a varchar(20)
ALTER TABLE ledger ALTER a TYPE varchar(10);
-- after: CREATE DOMAIN t AS integer CHECK (VALUE > 0)
ALTER TABLE bids ADD COLUMN a t;
-- after: CREATE FUNCTION f() RETURNS integer LANGUAGE plpgsql STABLE AS 'BEGIN RETURN 1; END'
ALTER TABLE bids ADD COLUMN a integer DEFAULT f();
-- after: CREATE FUNCTION f() RETURNS integer LANGUAGE plpgsql AS 'BEGIN RETURN 1; END'
ALTER TABLE bids ADD COLUMN a integer DEFAULT f();
-- after: ALTER TABLE bids ADD COLUMN a bigint
-- after: ALTER TABLE bids ADD CONSTRAINT c FOREIGN KEY (a) REFERENCES tickets (id) NOT VALID
ALTER TABLE bids DROP COLUMN a;
-- after: ALTER TABLE bids ADD CONSTRAINT c FOREIGN KEY (contractor_id) REFERENCES tickets (id) NOT VALID
ALTER TABLE bids DROP CONSTRAINT c;
-- after: ALTER TABLE payments DROP CONSTRAINT payments_bid_id_fkey
TRUNCATE bids;
-- after: CREATE TABLE t (id bigint PRIMARY KEY, user_id bigint REFERENCES users (id))
ALTER TABLE t DROP COLUMN user_id;
-- after: CREATE UNIQUE INDEX i ON ledger (id)
ALTER TABLE ledger ADD CONSTRAINT c UNIQUE USING INDEX i;
-- after: ALTER TABLE events DETACH PARTITION events_2025
ALTER TABLE events ADD COLUMN a integer;
-- after: ALTER TABLE events DETACH PARTITION events_2025
TRUNCATE events;
-- after: ALTER TABLE events_2026 ADD CONSTRAINT c CHECK (at >= DATE '2026-01-01' AND at < DATE '2027-01-01')
ALTER TABLE events ATTACH PARTITION events_2026 FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
-- after: CREATE TABLE cows () INHERITS (animals)
-- after: ALTER TABLE cows NO INHERIT animals
ALTER TABLE animals ADD COLUMN a integer;
-- after: CREATE VIEW v AS SELECT id FROM bids
SELECT * FROM v;
-- after: CREATE TRIGGER g AFTER UPDATE ON payments FOR EACH ROW EXECUTE FUNCTION unused()
DROP FUNCTION unused() CASCADE;
-- after: CREATE TEMPORARY TABLE settings (id bigint)
ALTER TABLE settings ADD COLUMN a integer;
-- after: SET LOCAL search_path = archive
ALTER TABLE old_bids ADD COLUMN a integer;
-- after: SET LOCAL TimeZone = 'Europe/Berlin'
ALTER TABLE users ALTER seen_at TYPE timestamptz;
-- after: ALTER TABLE comments DROP CONSTRAINT comments_ticket_id_fkey
DELETE FROM tickets WHERE id = 1;
