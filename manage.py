#!/usr/bin/env python
"""Django's command line for the portal."""

import os
import runpy
import sys
import traceback

from django.core.management import execute_from_command_line


def asks_the_portal(arguments: list[str]) -> bool:
    """`analyse` reads files: without a target of the portal it needs no settings and no applications, and starts without them."""
    return arguments[:1] != ["analyse"] or any(argument.startswith("--target") for argument in arguments)


def execute(arguments: list[str]) -> None:
    """Of `can_deploy` the exit code is the answer: what fails before it can answer, settings included, must not look like one."""
    try:
        execute_from_command_line(arguments)
    except Exception:
        if arguments[1:2] != ["can_deploy"]:
            raise
        traceback.print_exc()
        sys.exit(3)


if __name__ == "__main__":
    if asks_the_portal(sys.argv[1:]):
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
        execute(sys.argv)
    else:
        runpy.run_module("runner.analysing", run_name="__main__")
