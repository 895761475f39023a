"""`manage.py analyse` where it needs no portal: see manage.py."""

import gc
import sys

from runner.analysing.command import main

gc.disable()  # everything that it makes it needs to its end, which comes soon
status = main(sys.argv[2:])
gc.freeze()  # or the interpreter would look all of it through before it ends: a tenth of the time for one file
sys.exit(status)
