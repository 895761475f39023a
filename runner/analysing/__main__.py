"""`manage.py analyse` where it needs no portal: see manage.py."""

import gc
import sys

from runner.analysing.command import main

gc.disable()  # everything that it makes it needs to its end, which comes soon
sys.exit(main(sys.argv[2:]))
