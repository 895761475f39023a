"""A backfill from its submission to its end."""

from governance.models import RunProgress, Step
from governance.orders import RunStatus
from runner.engine import backfill
from tests.runner.scene import applied, scripts, work

SLOWLY = """
CREATE FUNCTION slowly() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.0005); RETURN NEW; END $$;
CREATE TRIGGER slow BEFORE UPDATE ON contractors FOR EACH ROW EXECUTE FUNCTION slowly();
"""


def test_backfill_is_executed_in_batches_and_its_progress_kept(scene, staging, monkeypatch):
    monkeypatch.setattr(backfill, "TELL", 0.1)
    staging.execute(SLOWLY)
    fill = "UPDATE contractors SET name = upper(name) || '!' WHERE name = lower(name);"
    run = scene.start(scripts(f"-- lockgate: batched max_rows=100\n{fill}"))

    ended = work(run)

    assert ended.status == RunStatus.SUCCEEDED, ended.message
    assert staging.execute("SELECT count(*) FROM contractors WHERE name ~ '^CONTRACTOR .*!$'").fetchone() == (1000,)
    assert staging.execute("SELECT sum(rows)::int, count(*) > 9 FROM lockgate.batch").fetchone() == (1000, True)
    step = Step.objects.get(run=run)
    assert step.rows == 1000
    assert step.history.count() < 4
    assert RunProgress.objects.get(run=run).total == 1000
    assert applied(staging) == ["20260101.0900"]
