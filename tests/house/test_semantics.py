"""Every numbered paragraph on adaptive sequences has tests that name it, where docs/semantics.md says they are."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
RULES = (ROOT / "docs/semantics.md").read_text()


def test_every_paragraph_on_adaptive_sequences_has_a_test_that_names_it() -> None:
    paragraphs = set(re.findall(r"^\*\*5\.(\d+) ", RULES, re.M))
    named = re.findall(r"^## 7\..*?(?=^## |\Z)", RULES, re.M | re.S)
    files = sorted(set(re.findall(r"`(tests/[\w/]+\.py)`", "".join(named))))
    source = "".join((ROOT / file).read_text() for file in files)
    assert len(paragraphs) == 14
    assert paragraphs - set(re.findall(r"def test_5_(\d+)_", source)) == set()
