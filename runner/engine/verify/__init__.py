"""Checks put to a target, before, inside and after a change: psycopg asks, `governance.validation` judges."""

from governance.validation.answers import Answer, Baseline
from runner.engine.verify.asking import Asked
from runner.engine.verify.checking import at, baseline, counts, first_wrong, of, verify
from runner.engine.verify.keeping import keep_baseline, kept_baseline

__all__ = [
    "Answer", "Asked", "Baseline", "at", "baseline", "counts", "first_wrong", "keep_baseline", "kept_baseline", "of", "verify",
]  # fmt: skip
