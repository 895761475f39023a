"""Whom an embedded server runs as. PostgreSQL refuses root, so root lends it an account that exists anyway; nobody else needs one."""

import hashlib
import os
import pwd
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self


class ServerError(Exception):
    """The embedded server cannot do what was asked; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Account:
    lent: pwd.struct_passwd | None

    @classmethod
    def suitable(cls) -> Self:
        if os.geteuid() != 0:
            return cls(None)
        for name in ("postgres", "nobody"):
            with suppress(KeyError):
                return cls(pwd.getpwnam(name))
        raise ServerError("PostgreSQL does not run as root, and there is no account postgres or nobody. Start again as an ordinary user.")

    @property
    def credentials(self) -> dict[str, Any]:
        """Arguments for subprocess.run()."""
        return {"user": self.lent.pw_uid, "group": self.lent.pw_gid, "extra_groups": []} if self.lent else {}

    def give(self, path: Path) -> None:
        if self.lent:
            os.chown(path, self.lent.pw_uid, self.lent.pw_gid)

    def may_enter(self, directory: Path) -> bool:
        return self.lent is None or all(path.stat().st_mode & 0o001 for path in (directory, *directory.parents))

    def may_run(self, program: Path) -> bool:
        if self.lent is None:
            return True
        command: list[str | Path] = [program, "--version"]
        try:
            return subprocess.run(command, capture_output=True, cwd="/", check=False, **self.credentials).returncode == 0
        except PermissionError:
            return False

    def home(self, root: Path) -> Path:
        """`root`, or a directory of ours in its place where the account cannot get into it.

        A checkout in root's home is such a case. Opening the home to everybody would be worse, so the data goes below /var/tmp.
        """
        make_directory(root)
        if self.may_enter(root):
            return root
        replacement = Path("/var/tmp") / f"lockgate-{hashlib.sha256(bytes(root)).hexdigest()[:16]}"
        make_directory(replacement)
        if replacement.stat().st_uid != os.geteuid():
            raise ServerError(f"{replacement} belongs to somebody else. Remove it, or choose a directory that every account may enter.")
        return replacement


def make_directory(path: Path) -> None:
    """Make `path` and its missing parents so that every account can pass, whatever the umask."""
    if not path.exists():
        make_directory(path.parent)
        path.mkdir(exist_ok=True)
        path.chmod(0o711)
