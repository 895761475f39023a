"""A digest changes with anything that would run otherwise, and with nothing else."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from governance.digest import release_digest, script_digest
from governance.orders import Limits, Manifest, Release
from governance.versions import read_script

FORWARD = read_script("V20250401_1432__one.sql", "CREATE TABLE t (a int);\n")
ROLLBACK = read_script("R20250401_1432__rollback_one.sql", "DROP TABLE t;\n")
MANIFEST = Manifest((FORWARD, ROLLBACK), Limits(), "passed")
STARTS = datetime(2026, 12, 5, 1, tzinfo=UTC)
RELEASE = Release("ab" * 32, ("a", "b"), STARTS, STARTS + timedelta(hours=4), "1")


@pytest.mark.parametrize(
    "other",
    [
        replace(MANIFEST, scripts=(replace(FORWARD, text=FORWARD.text + " "), ROLLBACK)),
        replace(MANIFEST, scripts=(FORWARD, replace(ROLLBACK, text="DROP TABLE t CASCADE;\n"))),
        replace(MANIFEST, scripts=(replace(FORWARD, name="V20250401_1433__one.sql"), ROLLBACK)),
        replace(MANIFEST, scripts=(ROLLBACK, FORWARD)),
        replace(MANIFEST, scripts=(FORWARD,)),
        replace(MANIFEST, limits=replace(MANIFEST.limits, lock_timeout=5.0)),
        replace(MANIFEST, rehearsal=""),
    ],
)
def test_the_script_digest_changes_with_bytes_order_limits_and_rehearsal(other):
    assert script_digest(other) != script_digest(MANIFEST)


@pytest.mark.parametrize(
    "other",
    [
        replace(RELEASE, script_digest="cd" * 32),
        replace(RELEASE, targets=("a",)),
        replace(RELEASE, starts=STARTS + timedelta(seconds=1)),
        replace(RELEASE, ends=RELEASE.ends + timedelta(seconds=1)),
        replace(RELEASE, policy="2"),
    ],
)
def test_the_release_digest_changes_with_scripts_targets_time_and_policy(other):
    assert release_digest(other) != release_digest(RELEASE)


def test_the_order_in_which_targets_are_named_does_not_matter():
    assert release_digest(replace(RELEASE, targets=("b", "a"))) == release_digest(RELEASE)


def test_digests_are_the_same_on_every_machine():
    assert script_digest(Manifest((), Limits(), "")) == "2be0ade46adf32d1a290934e5a1eaae16eba06d9742c7a2cc27dc3fc8ea32045"
    assert release_digest(RELEASE) == "bacf01b027277fdce452119d608a54b7762671fff77014a6185e19fef2acf47d"
