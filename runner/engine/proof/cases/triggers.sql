-- What triggers and rules of the target do, too.
INSERT INTO invoices VALUES (-1, 1, 1, 'x');
UPDATE invoices SET amount = 2;
UPDATE invoices SET note = 'y';
DELETE FROM invoices WHERE id = 1;
TRUNCATE invoices;
COPY invoices (id, amount) FROM PROGRAM 'echo 1,2' WITH (FORMAT csv);
-- since: 15
MERGE INTO invoices USING users ON invoices.id = users.id WHEN MATCHED THEN UPDATE SET amount = 3 WHEN NOT MATCHED THEN DO NOTHING;
-- since: 15
MERGE INTO invoices USING users ON invoices.id = users.id WHEN MATCHED THEN DELETE;
INSERT INTO jottings VALUES (1, 'x');
INSERT INTO invoice_notes VALUES (-2, 'x');
UPDATE invoice_notes SET note = 'z';
DELETE FROM chapters WHERE id = 1;
-- after: ALTER TABLE invoices DISABLE TRIGGER recounted
UPDATE invoices SET amount = 2;
-- after: ALTER TABLE invoices DISABLE TRIGGER USER
-- after: ALTER TABLE invoices ENABLE TRIGGER recounted
UPDATE invoices SET amount = 2;
-- after: DROP TRIGGER recounted ON invoices
UPDATE invoices SET amount = 2;
-- after: CREATE FUNCTION kept() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO kept VALUES (NEW.key); RETURN NEW; END'
-- after: CREATE TRIGGER kept AFTER UPDATE ON settings FOR EACH ROW EXECUTE FUNCTION kept()
UPDATE settings SET value = 'q';
-- after: CREATE RULE also AS ON UPDATE TO settings DO ALSO DELETE FROM kept
UPDATE settings SET value = 'q';
EXPLAIN UPDATE invoices SET amount = 1;
EXPLAIN ANALYZE UPDATE invoices SET amount = 1;
EXPLAIN UPDATE bids SET project_id = 1;
PREPARE p2 AS INSERT INTO invoices VALUES (1, 1, 1, 'x');
DO $$ BEGIN UPDATE invoices SET amount = 9; END $$;
DO $$ BEGIN EXECUTE format('UPDATE %I SET amount = 9', 'invoices'); END $$;
-- after: ALTER TABLE invoices RENAME COLUMN amount TO total
UPDATE invoices SET total = 1;
-- after: ALTER TABLE invoices DROP COLUMN amount CASCADE
UPDATE invoices SET note = 'y';
