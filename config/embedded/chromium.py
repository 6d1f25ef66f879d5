"""See that a Chromium is there for the browser journeys: ``python3 -m config.embedded.chromium``.

Debian has it twice: ``chromium-headless-shell`` is the same engine without the windows that nobody sees, and opens a
page for a quarter of the work. It is installed where that is allowed; otherwise the whole browser does as well.
Without either it ends with one line: never is a journey left out silently.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

SHELL, BROWSER = "/usr/bin/chromium-headless-shell", "/usr/bin/chromium"
PATIENCE = ["-o", "Acquire::Retries=1", "-o", "Acquire::http::Timeout=20", "-o", "DPkg::Lock::Timeout=60"]
"""A machine without a network is told so soon."""


def program() -> str:
    """The browser of the journeys: what CHROMIUM names, or the lightest that is there."""
    return os.environ.get("CHROMIUM") or next((one for one in (SHELL, BROWSER) if _runs(one)), BROWSER)


def main() -> None:
    """Return with Chromium in its place, or exit with what to do."""
    if "CHROMIUM" not in os.environ and not _runs(SHELL) and shutil.which("apt-get") and os.geteuid() == 0:
        _install()
    if not _runs(program()):
        sys.exit(
            f"The browser journeys need Chromium at {program()}. As root: apt-get install chromium; "
            "or name another: CHROMIUM=/path make test"
        )


def _runs(path: str) -> bool:
    return os.access(path, os.X_OK)


def _install() -> None:
    print("Installing Chromium for the browser journeys (once) ...", flush=True)
    if not _apt("update"):
        return
    if not _got(SHELL) and not _runs(BROWSER):
        _got(BROWSER)


def _got(path: str) -> bool:
    return _apt("install", "--yes", "--no-install-recommends", Path(path).name, "fonts-dejavu-core")


def _apt(*command: str) -> bool:
    done = subprocess.run(
        ["apt-get", "-qq", *PATIENCE, *command],
        env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"},
        stdin=subprocess.DEVNULL,
    )
    if done.returncode != 0:
        print(f"apt-get {command[0]} failed", file=sys.stderr)
    return done.returncode == 0


if __name__ == "__main__":
    main()
