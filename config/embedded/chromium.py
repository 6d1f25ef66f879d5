"""See that Chromium is there for the browser journeys: ``python3 -m config.embedded.chromium``.

Installs Debian's package where that is allowed; otherwise ends with one line. Never is a journey left out silently.
"""

import os
import shutil
import subprocess
import sys

PROGRAM = os.environ.get("CHROMIUM", "/usr/bin/chromium")


def main() -> None:
    """Return with Chromium in its place, or exit with what to do."""
    if os.access(PROGRAM, os.X_OK):
        return
    if shutil.which("apt-get") and os.geteuid() == 0 and "CHROMIUM" not in os.environ:
        _install()
    if not os.access(PROGRAM, os.X_OK):
        sys.exit(
            f"The browser journeys need Chromium at {PROGRAM}. As root: apt-get install chromium; "
            "or name another: CHROMIUM=/path make test"
        )


def _install() -> None:
    print("Installing Chromium for the browser journeys (once) ...", flush=True)
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for command in (
        ["update"],
        ["install", "--yes", "--no-install-recommends", "chromium", "fonts-dejavu-core"],
    ):
        done = subprocess.run(["apt-get", "-qq", *command], env=environment, stdin=subprocess.DEVNULL)
        if done.returncode != 0:
            sys.exit(f"apt-get {command[0]} failed, so the browser journeys cannot run.")


if __name__ == "__main__":
    main()
