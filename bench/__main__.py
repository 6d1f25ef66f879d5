"""``make bench``: measure everything, or the parts named (``make bench ARGS=engine``); results in bench/results.json.

The database is one of its own in ``.data/bench``, durable (fsync on), with the memory of a small server.
"""

from __future__ import annotations

import importlib
import os
import sys

from config.embedded.services import DATA, attach

PARTS = ("engine", "answers", "delivery", "imports", "pages")
DATABASE = {
    "shared_buffers": "4GB",
    "work_mem": "64MB",
    "maintenance_work_mem": "512MB",
    "max_wal_size": "16GB",
    "jit": "off",
}


def main(names: list[str]) -> int:
    """Measure; 1 where a goal is missed."""
    unknown = [name for name in names if name not in PARTS]
    if unknown:
        print(f"unknown: {', '.join(unknown)}; there are {', '.join(PARTS)}", file=sys.stderr)
        return 2
    services = attach(DATA / "bench", options=DATABASE)
    os.environ.update(services.urls, MODE="test", DJANGO_SETTINGS_MODULE="config.settings")
    try:
        return _measure(names or list(PARTS))
    finally:
        services.detach()


def _measure(names: list[str]) -> int:
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    from bench.harness import save

    missed = 0
    for name in names:
        call_command("flush", interactive=False, verbosity=0)
        for figures in importlib.import_module(f"bench.{name}").measure():
            save(figures)
            for figure in figures:
                print(figure, flush=True)
                missed += not figure.reached
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
