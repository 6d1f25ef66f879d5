"""Every numbered paragraph of the rules has tests that name it, and docs/semantics.md says in which files."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
RULES = (ROOT / "docs/semantics.md").read_text()
PARAGRAPHS = re.findall(r"^\*\*(\d+\.\d+) ", RULES, re.M)


def listed() -> dict[str, set[str]]:
    """Paragraph → files, as the table of section 7 has them."""
    rows = re.findall(r"^\| (\d+\.\d+) \| (.+) \|$", RULES, re.M)
    return {paragraph: set(re.findall(r"`(tests/[\w/]+\.py)`", files)) for paragraph, files in rows}


def found() -> dict[str, set[str]]:
    """Paragraph → files with a test whose name has its number."""
    files: dict[str, set[str]] = {}
    for path in sorted(ROOT.glob("tests/**/test_*.py")):
        for chapter, number in re.findall(r"^(?:async )?def test_(\d+)_(\d+)_", path.read_text(), re.M):
            files.setdefault(f"{chapter}.{number}", set()).add(str(path.relative_to(ROOT)))
    return files


def test_every_paragraph_has_a_test_that_names_it() -> None:
    assert len(PARAGRAPHS) == len(set(PARAGRAPHS)) >= 72
    assert set(PARAGRAPHS) - set(found()) == set()


def test_every_paragraph_stands_in_the_list_with_files_that_test_it() -> None:
    tested, said = found(), listed()
    assert set(said) == set(PARAGRAPHS)
    assert {p: files - tested[p] for p, files in said.items() if not files or files - tested[p]} == {}
