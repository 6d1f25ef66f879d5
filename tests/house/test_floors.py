"""What keeps the house in order: floors, names, sizes, clocks."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

from config.embedded.services import CHECKOUT

APPS = ("tenants", "audience", "activities", "messaging", "steps", "sequences")
CLOCKS = {"now", "localtime", "localdate", "today", "utcnow"}
SHELLS = ("views", "tasks", "management", "middleware")
"""Who may read a clock: everything below gets the time as an argument."""


def modules(*folders: str) -> Iterator[Path]:
    for folder in folders:
        yield from (p for p in sorted((CHECKOUT / folder).rglob("*.py")) if "migrations" not in p.parts)


def name(path: Path) -> str:
    return str(path.relative_to(CHECKOUT))


def test_imports_point_downward_only() -> None:
    assert lint_imports(config_filename=str(CHECKOUT / "pyproject.toml")) == EXIT_STATUS_SUCCESS


def test_no_module_is_a_drawer_for_everything() -> None:
    drawers = {"utils", "util", "helpers", "services", "common", "misc"}
    assert [name(path) for path in modules(*APPS) if path.stem in drawers] == []


def test_modules_stay_below_300_lines() -> None:
    sizes = {name(path): len(path.read_text().splitlines()) for path in modules("config", *APPS)}
    assert {path: lines for path, lines in sizes.items() if lines >= 300} == {}


def test_lines_of_templates_fit_on_a_screen() -> None:
    """White space is free inside a tag, and ``{%- if`` begins a line without adding any."""
    wide = [
        f"{name(path)}:{number}"
        for path in sorted((CHECKOUT / "templates").rglob("*.html"))
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if len(line) > 160
    ]
    assert wide == []


def test_only_the_shell_reads_a_clock() -> None:
    below = [p for p in modules(*APPS) if not set(SHELLS) & {part.removesuffix(".py") for part in p.parts}]
    assert [reading for path in below for reading in clock_readings(path)] == []


def clock_readings(path: Path) -> list[str]:
    """Calls of a clock, such as `timezone.now()` or `date.today()`; naming one as a default is none."""
    calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    return [f"{name(path)}:{call.lineno}" for call in calls if _is_clock(call.func)]


def _is_clock(called: ast.expr) -> bool:
    if isinstance(called, ast.Name):
        return called.id in CLOCKS
    if isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name):
        of = called.value.id
        return (called.attr in CLOCKS and of in ("timezone", "datetime", "date")) or (of, called.attr) == (
            "time",
            "time",
        )
    return False


def test_no_committed_file_names_a_package_registry() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=CHECKOUT, capture_output=True, text=True)
    files = [CHECKOUT / file for file in listed.stdout.split("\0") if file] or list(
        CHECKOUT.glob("requirements/*")
    )
    hosts = re.compile(rb"pypi\.org|pythonhosted\.org|registry\.npmjs|proxy\.golang|deb\.debian\.org")
    named = [name(file) for file in files if file.is_file() and hosts.search(file.read_bytes())]
    assert [file for file in named if not file.endswith("test_floors.py")] == []


def test_each_bell_of_the_beat_table_rings_a_task_that_exists() -> None:
    from config.celery import app

    app.loader.import_default_modules()
    bells = {bell["task"] for bell in app.conf.beat_schedule.values()}
    assert bells - set(app.tasks) == set()
