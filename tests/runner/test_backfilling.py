"""A backfill from its submission to its end."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from governance import workflow
from governance.models import RunProgress, Step
from governance.orders import RunStatus, Wish
from runner.engine import backfill, sweep
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


def before_images(*given: str) -> str:
    output = StringIO()
    call_command("before_images", *given, stdout=output)
    return output.getvalue()


def test_before_images_are_printed_as_a_rollback_script_and_dropped(scene, staging):
    fill = "UPDATE contractors SET name = upper(name) || '!' WHERE name = lower(name);"
    run = work(scene.start(scripts(f"-- lockgate: batched before-images\n{fill}")))

    script = before_images("latest")

    assert "-- lockgate: batched\nUPDATE" in script
    assert before_images(str(run.pk)[:8], "--forget") == "1,000 images dropped.\n"
    assert staging.execute("SELECT count(*) FROM lockgate.before_image").fetchone() == (0,)


def test_run_without_before_images_says_so(scene):
    work(scene.start(scripts("CREATE TABLE badges (id int);")))

    with pytest.raises(CommandError, match=r"kept no before-images"):
        before_images("latest")
    with pytest.raises(CommandError, match=r"There is no run ffff"):
        before_images("ffff")


def test_backfill_works_a_quarter_of_the_time_when_a_person_wants_it_slow(scene, staging, monkeypatch):
    monkeypatch.setattr(backfill, "TELL", 0.02)
    monkeypatch.setattr(sweep, "FIRST_SIZE", 20)
    staging.execute(SLOWLY)
    fill = "-- lockgate: batched max_rows=20\nUPDATE contractors SET name = upper(name) WHERE name = lower(name);"
    run = scene.start(scripts(fill))
    workflow.control(actor=scene.cast.operator, run=run, wish=Wish.SLOW)

    ended = work(run)

    assert ended.status == RunStatus.SUCCEEDED, ended.message
    gaps = """
        SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY (extract(epoch FROM at - earlier) - seconds) / seconds)
        FROM (SELECT at, seconds, lag(at) OVER (ORDER BY number) AS earlier FROM lockgate.batch WHERE pass = 1) AS each
    """
    assert staging.execute(gaps).fetchone()[0] > 2.0
