#!/usr/bin/env python
"""The portal's commands."""

import runpy
import sys


def asks_the_portal(arguments: list[str]) -> bool:
    """`analyse` reads files: without a target of the portal it needs no settings and no applications, and starts without Django."""
    return arguments[:1] != ["analyse"] or any(argument.startswith("--target") for argument in arguments)


if __name__ == "__main__":
    try:
        runpy.run_module("portal" if asks_the_portal(sys.argv[1:]) else "runner.analysing", run_name="__main__")
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted.\n")
        sys.exit(130)
