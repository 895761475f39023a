-- A small populated marketplace with one of everything that makes a statement lock more than the table it names.
CREATE TYPE mood AS ENUM ('low', 'high');
CREATE TYPE spare AS (a integer);
CREATE SCHEMA archive CREATE TABLE old_bids (id bigint);
CREATE TYPE place AS (street text, city text);
CREATE DOMAIN positive AS integer CHECK (VALUE > 0);
CREATE DOMAIN label AS text;
CREATE DOMAIN score AS integer;
ALTER DOMAIN score ADD CONSTRAINT small CHECK (VALUE < 1000) NOT VALID;
CREATE SEQUENCE invoice_numbers;
CREATE ACCESS METHOD heap2 TYPE TABLE HANDLER heap_tableam_handler;
CREATE FUNCTION plain() RETURNS integer LANGUAGE plpgsql STABLE AS 'BEGIN RETURN 1; END';
CREATE FUNCTION dice() RETURNS integer LANGUAGE plpgsql VOLATILE AS 'BEGIN RETURN 6; END';
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE FUNCTION unused() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';

CREATE TABLE users (
    id bigint PRIMARY KEY, email varchar(100) NOT NULL, name text, phone text, legacy_flag boolean,
    created_at timestamptz DEFAULT now(), seen_at timestamp, seen_on timestamp(3), alarm time(3), pause interval(3), flags bit varying(8), mask bit(8),
    balance numeric(10, 2), code integer, address cidr, host inet, initials char(4), title label, points positive, quick json, tags varchar(20)[],
    state mood DEFAULT 'low', CONSTRAINT phone_is_there CHECK (phone IS NOT NULL)
);
CREATE UNIQUE INDEX users_email ON users (email);
CREATE INDEX users_name ON users (name);
CREATE INDEX users_initials ON users (lower(initials));
CREATE INDEX users_balance ON users (balance) WHERE code > 0;
CREATE UNIQUE INDEX users_code ON users (code);
CREATE TABLE projects (id bigint PRIMARY KEY, owner_id bigint REFERENCES users (id), title varchar(50), status text);
CREATE UNIQUE INDEX projects_title ON projects (title, id);
CREATE TABLE bids (
    id bigint PRIMARY KEY, project_id bigint CONSTRAINT bids_project_fk REFERENCES projects (id), contractor_id bigint, amount integer,
    note varchar(20) CHECK (note <> ''), status text
);
ALTER TABLE bids ADD CONSTRAINT amount_known CHECK (amount > 0) NOT VALID;
ALTER TABLE bids ADD CONSTRAINT bids_contractor_fk FOREIGN KEY (contractor_id) REFERENCES users (id) NOT VALID;
CREATE INDEX bids_status ON bids (status);
CREATE STATISTICS bids_numbers ON amount, status FROM bids;
CREATE TRIGGER touched BEFORE UPDATE ON bids FOR EACH ROW EXECUTE FUNCTION touch();
CREATE POLICY own_bids ON bids USING (true);
CREATE TABLE payments (id bigint PRIMARY KEY, bid_id bigint REFERENCES bids (id), payer_id bigint REFERENCES users (id));
CREATE TABLE settings (key text PRIMARY KEY, value text);
CREATE TABLE kept (key text);
CREATE RULE kept AS ON DELETE TO kept WHERE OLD.key = 'kept' DO INSTEAD NOTHING;
CREATE TABLE tickets (id bigserial PRIMARY KEY, subject text, opened_by bigint REFERENCES users (id) ON DELETE CASCADE, number integer, span int4range);
CREATE TABLE comments (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, ticket_id bigint REFERENCES tickets (id) ON DELETE CASCADE, words text);
CREATE TABLE unchained (id bigint, parent_id bigint);
CREATE UNIQUE INDEX unchained_id ON unchained (id);
CREATE TABLE numbered (id bigint NOT NULL, other bigint NOT NULL UNIQUE, derived bigint GENERATED ALWAYS AS (other + 1) STORED);
CREATE UNIQUE INDEX numbered_id ON numbered (id);
CREATE UNLOGGED TABLE cache (key text PRIMARY KEY, value text);
CREATE TABLE results (id bigint, reached score);
CREATE TABLE guarded (id bigint);
CREATE POLICY by_setting ON guarded USING (EXISTS (SELECT FROM settings WHERE key = 'open'));
CREATE TABLE ledger (id bigint, at date NOT NULL);

-- partitions: without a default, and what may become one
CREATE TABLE events (id bigint, at date NOT NULL, kind text) PARTITION BY RANGE (at);
CREATE TABLE events_2024 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE events_2025 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE events_2026 (id bigint, at date NOT NULL, kind text);
CREATE TABLE events_2027 (
    id bigint, at date NOT NULL, kind text, CONSTRAINT fits CHECK (at >= DATE '2027-01-01' AND at < DATE '2028-01-01')
);
CREATE INDEX events_kind ON events (kind);
CREATE INDEX events_id ON ONLY events (id);
CREATE INDEX events_2025_id ON events_2025 (id);
-- with a default; and one whose default says what it does not hold
CREATE TABLE visits (id bigint, at date NOT NULL) PARTITION BY RANGE (at);
CREATE TABLE visits_2025 PARTITION OF visits FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE visits_rest PARTITION OF visits DEFAULT;
CREATE TABLE visits_2026 (id bigint, at date NOT NULL);
CREATE TABLE calls (id bigint, at date NOT NULL) PARTITION BY RANGE (at);
CREATE TABLE calls_rest PARTITION OF calls DEFAULT;
ALTER TABLE calls_rest ADD CONSTRAINT not_2026 CHECK (at < DATE '2026-01-01' OR at >= DATE '2027-01-01');
CREATE TABLE calls_2026 (id bigint, at date NOT NULL, CHECK (at >= DATE '2026-01-01' AND at < DATE '2027-01-01'));
-- with a key and foreign keys, both ways
CREATE TABLE orders (id bigint, region text, buyer_id bigint REFERENCES users (id), PRIMARY KEY (id, region)) PARTITION BY LIST (region);
CREATE TABLE orders_north PARTITION OF orders FOR VALUES IN ('north');
CREATE TABLE orders_south PARTITION OF orders FOR VALUES IN ('south');
CREATE TABLE orders_far (id bigint NOT NULL, region text NOT NULL, buyer_id bigint);
CREATE TABLE parcels (id bigint PRIMARY KEY, order_id bigint, region text, CONSTRAINT parcels_order FOREIGN KEY (order_id, region) REFERENCES orders);
CREATE TABLE tours (id bigint, area text, guide_id bigint REFERENCES users (id), PRIMARY KEY (id, area)) PARTITION BY LIST (area);
CREATE TABLE tours_north PARTITION OF tours FOR VALUES IN ('north');
CREATE TABLE tours_south PARTITION OF tours FOR VALUES IN ('south');
CREATE TRIGGER watched AFTER INSERT ON orders FOR EACH ROW EXECUTE FUNCTION touch();
-- on two levels
CREATE TABLE regions (id bigint, area text, at date) PARTITION BY LIST (area);
CREATE TABLE regions_north PARTITION OF regions FOR VALUES IN ('north') PARTITION BY RANGE (at);
CREATE TABLE regions_north_2025 PARTITION OF regions_north FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE regions_south PARTITION OF regions FOR VALUES IN ('south');
CREATE TABLE tariffs (id bigint NOT NULL, area text NOT NULL) PARTITION BY LIST (area);
CREATE TABLE tariffs_north PARTITION OF tariffs FOR VALUES IN ('north');
-- inheritance
CREATE TABLE animals (id bigint, name text);
CREATE TABLE cats (lives integer) INHERITS (animals);
CREATE TABLE dogs (id bigint, name text);
CREATE TABLE addresses (street text, city text);
CREATE TABLE homes OF place;

-- what a CHECK proves of a list and of moments; and an index that is not the parent's
CREATE TABLE stages (name text NOT NULL, number integer) PARTITION BY LIST (name);
CREATE TABLE stages_rest PARTITION OF stages DEFAULT;
ALTER TABLE stages_rest ADD CONSTRAINT neither CHECK (name NOT IN ('one', 'two'));
CREATE TABLE stages_one (name text NOT NULL, number integer, CHECK (name = 'one'));
CREATE TABLE stages_two (name text NOT NULL, number integer, CHECK (name IN ('two', 'three')));
CREATE TABLE clicks (at timestamptz NOT NULL, page text) PARTITION BY RANGE (at);
CREATE INDEX clicks_page ON clicks (page);
CREATE TABLE clicks_2026 (at timestamptz NOT NULL, page text, CHECK (at >= '2026-01-01' AND at < '2027-01-01'));
CREATE INDEX clicks_2026_page ON clicks_2026 (page);
CREATE TABLE clicks_2027 (at timestamptz NOT NULL, page text, CHECK (at >= '2027-01-01' AND at < '2028-01-01'));
CREATE INDEX clicks_2027_page ON clicks_2027 (lower(page));
CREATE TABLE tags (code integer PRIMARY KEY, word text);
CREATE TABLE tagged (id bigint PRIMARY KEY, code integer REFERENCES tags (code) ON UPDATE CASCADE);
CREATE DOMAIN deeper AS positive;
CREATE DOMAIN short AS varchar(10);
CREATE TABLE measures (id bigint PRIMARY KEY, depth deeper, lasted interval day to second, word short, number integer, taken timestamp);
CREATE INDEX measures_number ON measures (number);
CREATE FUNCTION doubled(integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT $1 * 2';
CREATE INDEX measures_doubled ON measures (doubled(depth));
CREATE SEQUENCE ticks;
CREATE TABLE numbers (id bigint DEFAULT nextval('ticks'), moods mood[]);
CREATE INDEX projects_words ON projects USING gin (to_tsvector('english', status));
CREATE INDEX measures_taken ON measures (taken);

CREATE FOREIGN DATA WRAPPER nowhere;
CREATE SERVER far FOREIGN DATA WRAPPER nowhere;
CREATE FOREIGN TABLE distant (id integer) SERVER far;
CREATE PUBLICATION news FOR TABLE settings;
CREATE VIEW open_bids AS SELECT id, project_id FROM bids WHERE status = 'open';
CREATE VIEW busy_projects AS SELECT projects.id, projects.status FROM projects JOIN open_bids ON open_bids.project_id = projects.id;
CREATE VIEW all_settings AS SELECT key, value FROM settings;
CREATE MATERIALIZED VIEW bid_totals AS SELECT project_id, sum(amount) AS total FROM bids GROUP BY project_id;
CREATE UNIQUE INDEX bid_totals_project ON bid_totals (project_id);
CREATE MATERIALIZED VIEW busy_titles AS SELECT status FROM busy_projects;
CREATE TABLE gauges (area integer NOT NULL, at date NOT NULL) PARTITION BY RANGE (area, at);
CREATE TABLE gauges_one (area integer NOT NULL, at date NOT NULL, CHECK (area = 1 AND at >= DATE '2026-01-01' AND at < DATE '2027-01-01'));
CREATE TABLE gauges_two (area integer NOT NULL, at date NOT NULL, CHECK (area >= 2 AND area < 3));
CREATE TABLE rides (id bigint, at date NOT NULL) PARTITION BY RANGE (at);
CREATE TABLE rides_rest PARTITION OF rides DEFAULT;
ALTER TABLE rides_rest ADD CONSTRAINT early CHECK (at < DATE '2026-01-01');
CREATE TABLE rides_past (id bigint, at date NOT NULL, CHECK (at < DATE '2020-01-01'));

-- what triggers and rules do
CREATE TABLE audit (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, what text, user_id bigint REFERENCES users (id));
CREATE TABLE invoices (id bigint, project_id bigint, amount integer, note text);
CREATE FUNCTION noted(text) RETURNS void LANGUAGE sql AS 'INSERT INTO audit (what, user_id) VALUES ($1, 1)';
CREATE FUNCTION slug(words text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN lower(words); END';
CREATE FUNCTION note_change() RETURNS trigger LANGUAGE plpgsql SET search_path = public AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        NEW.note := slug(NEW.note);
    END IF;
    PERFORM noted(TG_OP);
    RETURN NEW;
END $$;
CREATE FUNCTION recount() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE total bigint;
BEGIN
    SELECT count(*) INTO total FROM payments;
    UPDATE projects SET status = total WHERE id = 1;
    RETURN NULL;
END $$;
CREATE TRIGGER noted BEFORE INSERT OR DELETE ON invoices FOR EACH ROW EXECUTE FUNCTION note_change();
CREATE TRIGGER recounted AFTER UPDATE OF amount OR TRUNCATE ON invoices FOR EACH STATEMENT EXECUTE FUNCTION recount();
CREATE TABLE jottings (id bigint, words text);
CREATE RULE jotted AS ON INSERT TO jottings DO ALSO INSERT INTO cache (key) SELECT word FROM tags WHERE code = -1;
CREATE VIEW invoice_notes AS SELECT id, note FROM invoices;
CREATE TRIGGER taken INSTEAD OF INSERT ON invoice_notes FOR EACH ROW EXECUTE FUNCTION note_change();
CREATE TABLE chapters (id bigint PRIMARY KEY, title text);
CREATE TABLE verses (id bigint, chapter_id bigint REFERENCES chapters (id) ON DELETE CASCADE);
CREATE TRIGGER recounted AFTER DELETE ON verses FOR EACH ROW EXECUTE FUNCTION recount();

INSERT INTO users (id, email, name, phone, legacy_flag, seen_at, seen_on, alarm, pause, flags, mask, balance, code, address, host, initials, title, points, quick)
SELECT n, 'u' || n || '@example.org', 'User ' || n, '555', false, now(), now(), '08:00', '1 second', B'101', B'10101010', n, n,
       '10.0.0.0/8', '10.0.0.1', 'ab', 'x', n, '{}'
FROM generate_series(1, 300) n;
INSERT INTO projects SELECT n, n % 300 + 1, 'Project ' || n, 'open' FROM generate_series(1, 300) n;
INSERT INTO bids SELECT n, n % 300 + 1, n % 300 + 1, n, 'x', 'open' FROM generate_series(1, 500) n;
INSERT INTO payments SELECT n, n, n FROM generate_series(1, 300) n;
INSERT INTO tickets (subject, opened_by, number) SELECT 'Ticket', n, n FROM generate_series(1, 300) n;
INSERT INTO comments (ticket_id, words) SELECT n, 'words' FROM generate_series(1, 300) n;
INSERT INTO unchained SELECT n, n FROM generate_series(1, 300) n;
INSERT INTO numbered SELECT n, n FROM generate_series(1, 300) n;
INSERT INTO cache SELECT n, n FROM generate_series(1, 300) n;
INSERT INTO ledger SELECT n, date '2025-01-01' + n FROM generate_series(1, 300) n;
INSERT INTO events SELECT n, date '2024-06-01' + n, 'x' FROM generate_series(1, 300) n;
INSERT INTO events_2026 SELECT n, date '2026-01-01' + n % 300, 'x' FROM generate_series(1, 300) n;
INSERT INTO events_2027 SELECT n, date '2027-01-01' + n % 300, 'x' FROM generate_series(1, 300) n;
INSERT INTO visits SELECT n, date '2024-06-01' + n FROM generate_series(1, 300) n;
INSERT INTO visits_2026 SELECT n, date '2026-01-01' + n % 300 FROM generate_series(1, 300) n;
INSERT INTO calls SELECT n, date '2024-06-01' + n FROM generate_series(1, 300) n;
INSERT INTO calls_2026 SELECT n, date '2026-01-01' + n % 300 FROM generate_series(1, 300) n;
INSERT INTO orders SELECT n, CASE WHEN n % 2 = 0 THEN 'north' ELSE 'south' END, n FROM generate_series(1, 300) n;
INSERT INTO orders_far SELECT n, 'far', n FROM generate_series(1, 300) n;
INSERT INTO tariffs SELECT n, 'north' FROM generate_series(1, 300) n;
INSERT INTO results SELECT n, n FROM generate_series(1, 300) n;
INSERT INTO guarded SELECT n FROM generate_series(1, 300) n;
INSERT INTO regions SELECT n, 'north', date '2025-01-01' + n FROM generate_series(1, 300) n;
INSERT INTO regions SELECT n, 'south', date '2025-01-01' + n FROM generate_series(1, 300) n;
INSERT INTO tours SELECT n, CASE WHEN n % 2 = 0 THEN 'north' ELSE 'south' END, n FROM generate_series(1, 300) n;
INSERT INTO parcels SELECT n, n, CASE WHEN n % 2 = 0 THEN 'north' ELSE 'south' END FROM generate_series(1, 300) n;
INSERT INTO stages SELECT 'zero', n FROM generate_series(1, 300) n;
INSERT INTO stages_one SELECT 'one', n FROM generate_series(1, 300) n;
INSERT INTO stages_two SELECT 'two', n FROM generate_series(1, 300) n;
INSERT INTO clicks_2026 SELECT '2026-02-01', n FROM generate_series(1, 300) n;
INSERT INTO clicks_2027 SELECT '2027-02-01', n FROM generate_series(1, 300) n;
INSERT INTO tags SELECT n, n FROM generate_series(1, 300) n;
INSERT INTO tagged SELECT n, n FROM generate_series(1, 300) n;
INSERT INTO measures SELECT n, n, '1 day', n, n, now() FROM generate_series(1, 300) n;
INSERT INTO animals SELECT n, 'x' FROM generate_series(1, 300) n;
INSERT INTO cats SELECT n, 'x', 9 FROM generate_series(1, 300) n;
INSERT INTO dogs SELECT n, 'x' FROM generate_series(1, 300) n;
INSERT INTO settings VALUES ('a', 'b'), ('kept', 'c');
INSERT INTO gauges_one SELECT 1, date '2026-01-01' + n FROM generate_series(1, 300) n;
INSERT INTO gauges_two SELECT 2, date '2026-01-01' + n FROM generate_series(1, 300) n;
INSERT INTO rides SELECT n, date '2024-01-01' + n FROM generate_series(1, 300) n;
INSERT INTO rides_past SELECT n, date '2018-01-01' + n FROM generate_series(1, 300) n;
INSERT INTO invoices SELECT n, n, n, 'x' FROM generate_series(1, 300) n;
INSERT INTO chapters SELECT n, 'x' FROM generate_series(1, 300) n;
INSERT INTO verses SELECT n, n FROM generate_series(1, 300) n;
REFRESH MATERIALIZED VIEW bid_totals;
REFRESH MATERIALIZED VIEW busy_titles;
ANALYZE;
