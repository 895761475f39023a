"""Django's command line for the portal: see manage.py."""

import gc
import os
import sys
import traceback

from django.core.management import execute_from_command_line


def execute(arguments: list[str]) -> None:
    """Of `can_deploy` the exit code is the answer: what fails before it can answer, settings included, must not look like one."""
    try:
        execute_from_command_line(arguments)
    except Exception:
        if arguments[1:2] != ["can_deploy"]:
            raise
        traceback.print_exc()
        sys.exit(3)


gc.set_threshold(50_000, 20, 20)  # what a start makes stays: looking for garbage in it took a seventh of the time
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
execute(sys.argv)
