"""Create ``.venv`` if there is none: ``python3 -m config.embedded.bootstrap``.

Runs on the system's Python, before anything is installed. What is missing is named in one line.
"""

import subprocess
import sys
from pathlib import Path

VENV = Path(__file__).resolve().parent.parent.parent / ".venv"


def complaint(version: tuple[int, int], has_venv: bool) -> str | None:
    """Why this Python cannot carry Stepwise, or None."""
    name = f"{version[0]}.{version[1]}"
    if version < (3, 11):
        return (
            f"Stepwise needs Python 3.11 or newer, this is {name}. Name another: make run PYTHON=python3.12"
        )
    if not has_venv:
        return f"Python's venv module is missing. On Debian: apt-get install python{name}-venv"
    return None


def has_venv_module() -> bool:
    """Whether ``venv`` can make environments with pip; Debian packs the half of it apart."""
    try:
        import ensurepip
        import venv
    except ImportError:
        return False
    return bool(ensurepip and venv)


def main() -> None:
    """Make the environment; one that an interrupted run left half done is made anew."""
    wrong = complaint(sys.version_info[:2], has_venv_module())
    if wrong:
        sys.exit(wrong)
    if not _works():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(VENV)], check=True)


def _works() -> bool:
    python = VENV / "bin" / "python"
    return (
        python.exists() and subprocess.run([python, "-m", "pip", "-V"], capture_output=True).returncode == 0
    )


if __name__ == "__main__":
    main()
