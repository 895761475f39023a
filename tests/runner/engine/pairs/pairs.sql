--- users and bids | restored
CREATE TABLE users (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, email text NOT NULL UNIQUE, note text, age integer DEFAULT 18);
CREATE TABLE bids (id bigint PRIMARY KEY, bidder bigint NOT NULL REFERENCES users, amount numeric(10, 2) NOT NULL CHECK (amount > 0), state text);
COMMENT ON TABLE bids IS 'What contractors offer.';
--- back
DROP TABLE bids;
DROP TABLE users;
--- rows by a script | restored
INSERT INTO users (email, note) VALUES ('ann@example.com', 'first'), ('bob@example.com', 'second'), ('cy@example.com', NULL);
INSERT INTO bids SELECT id, id, id * 10.25, 'open' FROM users;
--- back
DELETE FROM bids;
DELETE FROM users;
--- add column | restored
ALTER TABLE bids ADD level integer NOT NULL DEFAULT 0;
--- back
ALTER TABLE bids DROP level;
--- add column under another name | not_restored
ALTER TABLE bids ADD grade integer;
--- back
ALTER TABLE bids RENAME grade TO old_grade;
--- drop the last column | restored | public.bids.grade 0
ALTER TABLE bids DROP grade;
--- back
ALTER TABLE bids ADD grade integer;
--- drop a column in the middle with values | cosmetic | public.users.note 2
ALTER TABLE users DROP note;
--- back
ALTER TABLE users ADD note text;
--- drop a column and forget it | not_restored | public.bids.state 3
ALTER TABLE bids DROP IF EXISTS state;
--- back
SELECT 1;
--- the same without the guard | second_forward_failed
ALTER TABLE bids ADD state text;
--- back
SELECT 1;
--- default lost | not_restored
ALTER TABLE users ALTER age DROP DEFAULT;
--- back
SELECT 1;
--- default of another value | not_restored
ALTER TABLE bids ALTER level SET DEFAULT 1;
--- back
ALTER TABLE bids ALTER level SET DEFAULT 2;
--- not null that stays | not_restored
ALTER TABLE users ALTER age SET NOT NULL;
--- back
SELECT 1;
--- type comes back as another | not_restored
ALTER TABLE bids ALTER state TYPE varchar(20);
--- back
ALTER TABLE bids ALTER state TYPE varchar;
--- type that cuts values off | restored | public.users.email 3
ALTER TABLE users ALTER email TYPE varchar(5) USING left(email, 5);
--- back
ALTER TABLE users ALTER email TYPE text;
--- type there and back | restored
ALTER TABLE users ALTER age TYPE bigint;
--- back
ALTER TABLE users ALTER age TYPE integer;
--- type that rounds values and its check | not_restored | public.bids.amount 3
ALTER TABLE bids ALTER amount TYPE integer;
--- back
ALTER TABLE bids ALTER amount TYPE numeric(10, 2);
--- comment forgotten | not_restored
COMMENT ON TABLE users IS 'Everybody.';
--- back
SELECT 1;
--- comment put back | restored
COMMENT ON TABLE users IS 'All people.';
--- back
COMMENT ON TABLE users IS 'Everybody.';
--- index | restored
CREATE INDEX bids_level ON bids (level);
--- back
DROP INDEX bids_level;
--- index that does not come back | not_restored
DROP INDEX IF EXISTS bids_level;
CREATE INDEX IF NOT EXISTS bids_level_desc ON bids (level DESC);
--- back
DROP INDEX bids_level_desc;
--- index of another method | not_restored
DROP INDEX bids_level_desc;
--- back
CREATE INDEX bids_level_desc ON bids USING hash (level);
--- index concurrently | restored
CREATE INDEX CONCURRENTLY users_age ON users (age);
--- back
DROP INDEX CONCURRENTLY users_age;
--- concurrently and other statements | restored
ALTER TABLE users ADD phone text;
CREATE INDEX CONCURRENTLY users_phone ON users (phone);
--- back
DROP INDEX CONCURRENTLY users_phone;
ALTER TABLE users DROP phone;
--- vacuum | restored
VACUUM users;
--- back
VACUUM users;
--- constraint renamed by its return | not_restored
ALTER TABLE users DROP CONSTRAINT IF EXISTS users_email_key;
--- back
ALTER TABLE users ADD CONSTRAINT users_email_unique UNIQUE (email);
--- unique constraint as mere index | not_restored
ALTER TABLE users ADD CONSTRAINT users_age_email UNIQUE (age, email);
--- back
ALTER TABLE users DROP CONSTRAINT users_age_email;
CREATE UNIQUE INDEX users_age_email_idx ON users (age, email);
--- check | restored
ALTER TABLE users ADD CONSTRAINT users_age_check CHECK (age >= 0);
--- back
ALTER TABLE users DROP CONSTRAINT users_age_check;
--- check comes back not valid | not_restored
ALTER TABLE users DROP CONSTRAINT users_age_check;
--- back
ALTER TABLE users ADD CONSTRAINT users_age_check CHECK (age >= 0) NOT VALID;
--- foreign key with another action | not_restored
ALTER TABLE bids DROP CONSTRAINT bids_bidder_fkey;
--- back
ALTER TABLE bids ADD CONSTRAINT bids_bidder_fkey FOREIGN KEY (bidder) REFERENCES users ON DELETE CASCADE;
--- foreign key on a key of its own | restored
CREATE TABLE notes (id integer PRIMARY KEY, bid bigint REFERENCES bids DEFERRABLE INITIALLY DEFERRED, body text);
--- back
DROP TABLE notes;
--- deferred rows | restored
INSERT INTO notes VALUES (1, 77, 'before its bid');
INSERT INTO bids (id, bidder, amount) SELECT 77, id, 1 FROM users LIMIT 1;
--- back
DELETE FROM bids WHERE id = 77;
DELETE FROM notes WHERE id = 1;
--- deferred rows without their parent | forward_failed
INSERT INTO notes VALUES (2, 404, 'an orphan');
--- back
DELETE FROM notes;
--- enum | restored
CREATE TYPE mood AS ENUM ('calm', 'cross');
ALTER TABLE users ADD mood mood;
--- back
ALTER TABLE users DROP mood;
DROP TYPE mood;
--- enum value | not_restored
ALTER TYPE mood ADD VALUE IF NOT EXISTS 'tired';
--- back
SELECT 1;
--- enum value used beside its birth | second_forward_failed
ALTER TYPE mood ADD VALUE 'glad';
UPDATE users SET mood = 'glad';
--- back
UPDATE users SET mood = NULL;
--- enum value used by its rollback | not_restored
ALTER TYPE mood ADD VALUE IF NOT EXISTS 'keen';
--- back
UPDATE users SET mood = 'calm' WHERE mood = 'keen';
--- domain | restored
CREATE DOMAIN price AS numeric CHECK (VALUE >= 0);
CREATE TABLE offers (id integer, price price);
--- back
DROP TABLE offers;
DROP DOMAIN price;
--- domain check forgotten | not_restored
ALTER DOMAIN price DROP CONSTRAINT price_check;
--- back
SELECT 1; ALTER DOMAIN price ADD CONSTRAINT price_check CHECK (VALUE > 0);
--- view | restored
CREATE VIEW open_bids AS SELECT id, amount FROM bids WHERE state = 'open';
--- back
DROP VIEW open_bids;
--- view with another body | not_restored
CREATE OR REPLACE VIEW open_bids AS SELECT id, amount FROM bids WHERE state IN ('open', 'new');
--- back
CREATE OR REPLACE VIEW open_bids AS SELECT id, amount FROM bids WHERE state = 'new';
--- materialised view | restored
CREATE MATERIALIZED VIEW totals AS SELECT bidder, sum(amount) AS total FROM bids GROUP BY bidder;
CREATE UNIQUE INDEX totals_bidder ON totals (bidder);
--- back
DROP MATERIALIZED VIEW totals;
--- function | restored
CREATE FUNCTION twice(integer) RETURNS integer LANGUAGE sql AS 'SELECT $1 * 2';
--- back
DROP FUNCTION twice(integer);
--- function with other white space | cosmetic
CREATE OR REPLACE FUNCTION twice(integer) RETURNS integer LANGUAGE sql AS 'SELECT $1 * 3';
--- back
CREATE OR REPLACE FUNCTION twice(integer) RETURNS integer LANGUAGE sql AS 'SELECT   $1 *
  2';
--- function with another body | not_restored
CREATE OR REPLACE FUNCTION twice(integer) RETURNS integer LANGUAGE sql AS 'SELECT $1 * 4';
--- back
CREATE OR REPLACE FUNCTION twice(integer) RETURNS integer LANGUAGE sql AS 'SELECT $1 + $1';
--- trigger | restored
CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.note := coalesce(NEW.note, 'none'); RETURN NEW; END $$;
CREATE TRIGGER stamped BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION stamp();
--- back
DROP TRIGGER stamped ON users;
DROP FUNCTION stamp();
--- trigger that is gone with its function | not_restored
DROP FUNCTION IF EXISTS stamp() CASCADE;
--- back
CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.note := coalesce(NEW.note, 'none'); RETURN NEW; END $$;
--- trigger disabled | not_restored
CREATE TRIGGER stamped BEFORE INSERT ON bids FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger();
--- back
ALTER TABLE bids DISABLE TRIGGER stamped; ALTER TABLE bids RENAME TO bids_2; DROP TRIGGER stamped ON bids_2; ALTER TABLE bids_2 RENAME TO bids; CREATE TABLE left_over (); DROP TABLE IF EXISTS notes;
--- extension | restored
CREATE EXTENSION citext;
--- back
DROP EXTENSION citext;
--- extension that stays | not_restored
CREATE EXTENSION IF NOT EXISTS hstore;
CREATE TABLE tagged (tags hstore);
--- back
DROP TABLE tagged;
--- generated column comes back plain | not_restored
ALTER TABLE bids ADD cents bigint GENERATED ALWAYS AS ((amount * 100)::bigint) STORED;
ALTER TABLE bids DROP COLUMN IF EXISTS plain;
--- back
ALTER TABLE bids ALTER cents DROP EXPRESSION;
ALTER TABLE bids RENAME cents TO plain;
--- sequence | restored
CREATE SEQUENCE numbers START 100 INCREMENT 5;
--- back
DROP SEQUENCE numbers;
--- sequence with another step | not_restored
ALTER SEQUENCE numbers INCREMENT 10;
--- back
ALTER SEQUENCE numbers INCREMENT 1;
--- schema and grants | restored
CREATE SCHEMA audit;
GRANT USAGE ON SCHEMA audit TO PUBLIC;
CREATE TABLE audit.events (id integer);
--- back
DROP SCHEMA audit CASCADE;
--- grant that stays | not_restored
GRANT SELECT ON users TO PUBLIC;
--- back
SELECT 1;
--- row security | restored
ALTER TABLE users ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON users USING (true);
--- back
DROP POLICY own ON users;
ALTER TABLE users DISABLE ROW LEVEL SECURITY;
--- row security that is off after the rollback | not_restored
ALTER POLICY own ON users USING (age > 1);
--- back
ALTER POLICY own ON users USING (true);
ALTER TABLE users DISABLE ROW LEVEL SECURITY;
--- partitions | restored
CREATE TABLE logs (at date NOT NULL, line text) PARTITION BY RANGE (at);
CREATE TABLE logs_2026 PARTITION OF logs FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
--- back
DROP TABLE logs;
--- partition that stays attached | second_forward_failed
CREATE TABLE logs_2027 PARTITION OF logs FOR VALUES FROM ('2027-01-01') TO ('2028-01-01');
--- back
ALTER TABLE logs_2027 RENAME TO logs_2027_old;
--- own transaction around everything | restored
BEGIN;
ALTER TABLE users ADD city text;
COMMIT;
--- back
BEGIN;
ALTER TABLE users DROP city;
COMMIT;
--- own transactions inside | restored
BEGIN;
ALTER TABLE users ADD street text;
COMMIT;
BEGIN;
ALTER TABLE users ADD zip text;
ROLLBACK;
--- back
ALTER TABLE users DROP street;
--- settings that stay with their script | restored
SET search_path = audit;
CREATE TABLE local (id integer);
--- back
DROP TABLE audit.local;
--- function with a search path | restored
CREATE FUNCTION audit.count_events() RETURNS bigint LANGUAGE sql SET search_path = audit AS 'SELECT count(*) FROM events';
--- back
DROP FUNCTION audit.count_events();
--- block that builds its statements | restored
DO $$ BEGIN FOR i IN 1..3 LOOP EXECUTE format('CREATE TABLE shard_%s (id integer PRIMARY KEY)', i); END LOOP; END $$;
--- back
DO $$ DECLARE name text; BEGIN FOR name IN SELECT relname FROM pg_class WHERE relname ~ '^shard_\d$' LOOP EXECUTE 'DROP TABLE ' || name; END LOOP; END $$;
--- forward script with a mistake | forward_failed
ALTER TABLE users ADD COLUMN shoe_size integer;
ALTER TABLE nowhere ADD COLUMN shoe_size integer;
--- back
ALTER TABLE users DROP COLUMN shoe_size;
--- forward script that is not SQL | forward_failed
ALTER TABEL users ADD COLUMN shoe_size integer;
--- forward script that breaks off outside a transaction | forward_failed
CREATE INDEX CONCURRENTLY users_note ON users (note);
CREATE INDEX CONCURRENTLY users_shoe_size ON users (shoe_size);
--- back
DROP INDEX users_note;
--- rollback with a mistake | rollback_failed
CREATE TABLE shoes (id integer);
--- back
DROP TABLE shoe;
--- rollback against a dependent view | rollback_failed
ALTER TABLE shoes ADD size integer;
CREATE VIEW sizes AS SELECT size FROM shoes;
--- back
ALTER TABLE shoes DROP size;
--- rollback that breaks off half-way | rollback_failed
CREATE INDEX CONCURRENTLY shoes_id ON shoes (id);
--- back
DROP INDEX CONCURRENTLY shoes_id;
DROP INDEX CONCURRENTLY shoes_id;
--- no rollback | rollback_missing
CREATE TABLE hats (id integer);
--- no rollback outside a transaction | rollback_missing
CREATE INDEX CONCURRENTLY hats_id ON hats (id);
--- rows that come back changed | restored | public.users.age 3
UPDATE users SET age = age + 1;
--- back
UPDATE users SET age = age + 2;
--- table without its rows | restored | public.notes.body 1
DELETE FROM notes;
--- back
SELECT 1;
--- rows that do not come back | restored | public.bids.id 4
DELETE FROM bids;
--- back
SELECT 1;
--- table dropped with its rows | restored | public.users.email 3
CREATE TABLE people (LIKE users INCLUDING ALL);
INSERT INTO people OVERRIDING SYSTEM VALUE SELECT * FROM users;
DROP TABLE people;
TRUNCATE users CASCADE;
--- back
SELECT 1;
--- privileges on a system function that stay withdrawn | not_restored
REVOKE EXECUTE ON FUNCTION pg_sleep(double precision) FROM PUBLIC;
--- back
SELECT 1;
--- privileges on a system function that are withdrawn again | restored
GRANT EXECUTE ON FUNCTION pg_sleep(double precision) TO PUBLIC;
--- back
REVOKE EXECUTE ON FUNCTION pg_sleep(double precision) FROM PUBLIC;
--- cast | restored
CREATE TYPE size AS ENUM ('s', 'm');
CREATE CAST (size AS text) WITH INOUT AS ASSIGNMENT;
--- back
DROP CAST (size AS text);
DROP TYPE size;
--- cast that comes back with another context | not_restored
DROP CAST (size AS text);
--- back
CREATE CAST (size AS text) WITH INOUT;
--- text search configuration | restored
CREATE TEXT SEARCH CONFIGURATION plain_words (COPY = simple);
ALTER TEXT SEARCH CONFIGURATION plain_words ALTER MAPPING FOR word WITH english_stem, simple;
--- back
DROP TEXT SEARCH CONFIGURATION plain_words;
--- dictionaries that come back the other way round | not_restored
ALTER TEXT SEARCH CONFIGURATION plain_words DROP MAPPING FOR word;
--- back
ALTER TEXT SEARCH CONFIGURATION plain_words ADD MAPPING FOR word WITH simple, english_stem;
--- function beside an extension | restored
CREATE EXTENSION IF NOT EXISTS hstore;
CREATE FUNCTION first_key(hstore) RETURNS text LANGUAGE sql RETURN (akeys($1))[1];
--- back
DROP FUNCTION first_key;
--- function that stays bound to an extension | not_restored
ALTER FUNCTION first_key(hstore) DEPENDS ON EXTENSION hstore;
--- back
SELECT 1;
--- privileges on a member of an extension that stay withdrawn | not_restored
REVOKE EXECUTE ON FUNCTION akeys(hstore) FROM PUBLIC;
--- back
SELECT 1;
