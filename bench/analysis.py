"""Claims: beside squawk, on the same thousand files in the same run, the analysis is at least a third as fast once it has started; one file
takes under 50 ms; the command starts in under a second; and no hazard that squawk reports on our cases after its documentation is missed.

The start of each process is measured apart, on a folder with one empty script, and taken off. squawk is found on the PATH or by --squawk
(`pip install squawk-cli`); without it nothing can be compared, and no claim about it holds. Prints a table, with --json the claims; exit 0
when all hold.
"""

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from runner.analysing.report import reports
from runner.analysing.sources import Source

FILES, ROUNDS = 1_000, 9
SHARE, ONE_FILE, START = 1 / 3, 0.05, 1.0
CASES = ROOT / "fixtures" / "squawk"
# Advice that we give once per script, and codes under which we say the same: docs/analyse.md.
ADVICE = {"prefer-robust-stmts", "require-lock-timeout", "require-statement-timeout"}
ALIKE = {"constraint-missing-not-valid": {"disallowed-unique-constraint", "adding-serial-primary-key-field", "adding-exclusion-constraint"}}
NO_HAZARD = {("generated-virtual.sql", "adding-field-with-default")}
SHAPES = (
    "CREATE TABLE {t} (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, body text NOT NULL, user_id bigint REFERENCES users (id));",
    "CREATE INDEX CONCURRENTLY {t}_body ON {t} (body);",
    "CREATE INDEX {t}_user ON {t} (user_id, body);",
    "ALTER TABLE {t} ADD COLUMN level integer NOT NULL DEFAULT 1;",
    "ALTER TABLE {t} ADD CONSTRAINT {t}_level CHECK (level > 0) NOT VALID;",
    "ALTER TABLE {t} VALIDATE CONSTRAINT {t}_level;",
    "ALTER TABLE {t} ADD CONSTRAINT {t}_fk FOREIGN KEY (user_id) REFERENCES users (id);",
    "ALTER TABLE {t} ALTER COLUMN body TYPE varchar(200);",
    "ALTER TABLE {t} ALTER COLUMN body SET NOT NULL;",
    "UPDATE {t} SET level = 2 WHERE id BETWEEN 1 AND 1000;",
    "INSERT INTO {t} (body) VALUES ('one'), ('two; three');",
    "DROP TABLE IF EXISTS {t}_old;",
    "ALTER TABLE {t} RENAME COLUMN body TO text;",
    "CREATE VIEW {t}_view AS SELECT id, body FROM {t} WHERE level > 1;",
)


def write_files(folder: Path) -> int:
    """A thousand scripts of one to ten statements, always the same; how many statements they have."""
    chance, statements = random.Random(4), 0
    for number in range(FILES):
        chosen = [chance.choice(SHAPES).format(t=f"t{chance.randrange(50)}") for _ in range(chance.randint(1, 10))]
        statements += len(chosen)
        (folder / f"V{number:04}__change.sql").write_text("\n".join(chosen) + "\n")
    return statements


def fastest(run: Callable[[], object]) -> float:
    """Of several rounds: what disturbs a machine only ever makes it slower."""

    def once() -> float:
        began = time.perf_counter()
        run()
        return time.perf_counter() - began

    return min(once() for _ in range(ROUNDS))


def command(*arguments: str) -> Callable[[], object]:
    return lambda: subprocess.run(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False, cwd=ROOT)


def measure(squawk: str | None) -> dict[str, float]:
    """Seconds by what was measured."""
    with tempfile.TemporaryDirectory() as name:
        folder, empty = Path(name) / "many", Path(name) / "empty"
        folder.mkdir()
        empty.mkdir()
        write_files(folder)
        (empty / "V1__nothing.sql").write_text("SELECT 1;\n")
        ours = (sys.executable, "manage.py", "analyse", "--format", "json")
        source = Source("x.sql", (folder / "V0003__change.sql").read_bytes())
        found = {
            "our start": fastest(command(*ours, str(empty))),
            "our thousand files": fastest(command(*ours, str(folder))),
            "one file after start": fastest(lambda: reports([source], None, guarded=False)),
        }
        if squawk:
            found["squawk's start"] = fastest(command(squawk, "--reporter", "json", *map(str, empty.iterdir())))
            found["squawk's thousand files"] = fastest(command(squawk, "--reporter", "json", *map(str, folder.iterdir())))
        return found


def missed(squawk: str) -> list[str]:
    """What squawk reports on our cases and we do not, under its code or one that says the same."""
    cases = sorted(CASES.glob("*.sql"))
    told = subprocess.run([squawk, "--reporter", "json", *map(str, cases)], capture_output=True, text=True, check=False).stdout
    ours = {
        report.path: {finding.code for finding in report.findings}
        for case in cases
        for report in reports([Source(str(case), case.read_bytes())], None, guarded=False)
    }
    theirs = {(row["file"], row["rule_name"]) for row in json.loads(told) if row["rule_name"] not in ADVICE}
    return sorted(f"{Path(path).name}: {code}" for path, code in theirs if not _said(Path(path).name, code, ours[path]))


def _said(name: str, code: str, ours: set[str]) -> bool:
    return code in ours or bool(ALIKE.get(code, set()) & ours) or (name, code) in NO_HAZARD


def claims(squawk: str | None, seconds: dict[str, float]) -> list[dict[str, object]]:
    share = missing = None
    if squawk:
        theirs = seconds["squawk's thousand files"] - seconds["squawk's start"]
        share = round(theirs / (seconds["our thousand files"] - seconds["our start"]), 3)
        missing = len(missed(squawk))
    return [
        _claim("speed after start on a thousand files, share of squawk's", share, round(SHARE, 3), share is not None and share >= SHARE),
        _claim(
            "seconds for one file after start",
            round(seconds["one file after start"], 4),
            ONE_FILE,
            seconds["one file after start"] < ONE_FILE,
        ),
        _claim("seconds until the command has started and ended", round(seconds["our start"], 3), START, seconds["our start"] < START),
        _claim("hazards that squawk reports on our cases and we miss", missing, 0, missing == 0),
    ]


def _claim(claim: str, value: float | None, goal: float, holds: bool) -> dict[str, object]:
    return {"claim": claim, "value": value, "goal": goal, "holds": holds}


def show(seconds: dict[str, float], found: Iterable[dict[str, object]]) -> None:
    for name, value in seconds.items():
        print(f"{name:<28} {value:7.3f} s")
    for claim in found:
        print(f"{claim['claim']}: {claim['value']}, goal {claim['goal']}: {'holds' if claim['holds'] else 'does not hold'}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument(
        "--squawk", default=os.environ.get("SQUAWK") or shutil.which("squawk"), help="Its executable. Default: from the PATH."
    )
    options = parser.parse_args()
    seconds = measure(options.squawk)
    found = claims(options.squawk, seconds)
    if options.json:
        print(json.dumps({"claims": found}))
    else:
        show(seconds, found)
    return 0 if all(claim["holds"] for claim in found) else 1


if __name__ == "__main__":
    sys.exit(main())
