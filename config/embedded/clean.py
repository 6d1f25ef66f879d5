"""Remove a data folder and all that its links point to: ``python -m config.embedded.clean``.

Uses the standard library only, since it also runs when ``.venv`` is gone.
"""

import shutil
import sys
from pathlib import Path

from config.embedded.errors import EmbeddedError
from config.embedded.locks import Lock

DATA = Path(__file__).resolve().parent.parent.parent / ".data"


def remove(data: Path) -> None:
    """Remove the data folder `data`. Raises :class:`EmbeddedError` while somebody uses its services."""
    if not data.exists():
        return
    for nested in [data, *(child for child in data.iterdir() if child.is_dir() and not child.is_symlink())]:
        if (nested / "users.lock").exists():
            _check_unused(nested)
            _remove_linked(nested)
    shutil.rmtree(data)


def _check_unused(data: Path) -> None:
    lock = Lock(data / "users.lock")
    try:
        if not lock.try_own():
            raise EmbeddedError(f"{data} is in use: end `make run` and other commands first")
    finally:
        lock.release()


def _remove_linked(data: Path) -> None:
    for link in (child for child in data.iterdir() if child.is_symlink()):
        real = link.resolve()
        if real.parent.name.startswith("data-"):
            shutil.rmtree(real.parent, ignore_errors=True)


if __name__ == "__main__":
    try:
        remove(DATA)
    except EmbeddedError as error:
        sys.exit(str(error))
