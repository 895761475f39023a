"""What pg_dump says of a schema."""

import re
import subprocess

from governance.analysis.statements import split_as_written
from portal.embedded import binaries


def dumped(url):
    """The statements of pg_dump, in alphabetical order."""
    text = subprocess.run([binaries() / "pg_dump", "--schema-only", url], capture_output=True, check=True, encoding="utf-8").stdout
    text = re.sub(r"^\\(un)?restrict .*$", "", text, flags=re.MULTILINE)
    return sorted(re.sub(r"^(\s*--.*\n)+\s*", "", statement.text) for statement in split_as_written("dump", text))
