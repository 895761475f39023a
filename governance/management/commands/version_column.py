"""Writes the script pair and the check of a table's version column."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from governance.errors import Refusal
from governance.matrix.row_versions import COLUMN, VersionColumn


class Command(BaseCommand):
    help = "Writes scripts that give a table a version column, or raise the version of its new rows, with the check that rows are there."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("table", metavar="SCHEMA.TABLE", help="For example public.bids.")
        parser.add_argument("--newest", type=int, default=1, metavar="N", help="Of new rows (1: the column is added).")
        parser.add_argument("--oldest", type=int, default=0, metavar="N", help="Oldest version that the code still understands.")
        parser.add_argument("--column", default=COLUMN, help=f"Its name ({COLUMN}).")
        parser.add_argument("--folder", type=Path, default=Path(), help="Where the files go (here).")

    def handle(self, *, table: str, newest: int, oldest: int, column: str, folder: Path, **options: Any) -> None:
        try:
            pattern = VersionColumn(table, newest, oldest, column)
        except Refusal as refusal:
            raise CommandError(refusal.message) from refusal
        at, name = f"{timezone.now():%Y%m%d_%H%M}", f"{table.replace('.', '_')}_rows_version_{newest}"
        purpose = f"-- Purpose: tell rows of {table} in version {newest} from others\n-- Impact: no rewrite, a short lock\n"
        files = {
            f"V{at}__{name}.sql": purpose + pattern.forward,
            f"R{at}__rollback_{name}.sql": purpose + pattern.rollback,
            f"C{at}__checks_{name}.sql": pattern.check_script,
        }
        for file, text in files.items():
            (folder / file).write_text(text, encoding="utf-8")
            self.stdout.write(str(folder / file))
