"""What is wrong with a template that stands in a file (semantics 2.31, 6.5, 6.6). Pure."""

from __future__ import annotations

from audience.conditions.parse import is_custom_key
from audience.fields import RECORDS
from messaging.liquid import analyse_text


def check_template(source: str, *, html: bool) -> list[str]:
    """A sentence for each fault. A field that no record has is no fault here: in files it is empty everywhere."""
    used = analyse_text(source, (), html=html).used
    known = {name for name in used if _may_be_a_field(name)}
    found = analyse_text(source, known, html=html).faults
    is_long = "\n" in source.strip()
    return [f"line {fault.line} of it: {fault.reason}" if is_long else fault.reason for fault in found]


def _may_be_a_field(name: str) -> bool:
    record, _, key = name.partition(".")
    return record in RECORDS and is_custom_key(key)
