"""The trace of a simulation: lines, comparison with what was expected, JSON forms (semantics 6.1, 6.8, 6.9). Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import SequenceMatcher
from zoneinfo import ZoneInfo

EVENTS = (
    "entered",
    "executed",
    "skipped",
    "held",
    "paused",
    "resumed",
    "exited",
    "branched",
    "completed",
)
"""All events of the trace (semantics 6.9); branched and completed are of adaptive sequences."""

GAP = "  "


@dataclass(frozen=True)
class TraceEvent:
    """One line of a trace, in the order in which it happened. ``at`` is aware; ``zone`` is that of its sequence."""

    at: datetime
    contact: str
    event: str
    detail: tuple[str, ...]
    sequence: str
    zone: ZoneInfo

    @property
    def time(self) -> str:
        """The local time of the sequence's zone."""
        return f"{self.at.astimezone(self.zone):%Y-%m-%d %H:%M}"

    def words(self, *, named: bool) -> list[str]:
        """The columns of its line; the sequence only where the file has more than one."""
        own = [self.time, self.contact, self.event, *self.detail]
        return [*own, f"@ {self.sequence}"] if named else own


def in_order(events: Iterable[TraceEvent]) -> list[TraceEvent]:
    """Sorted by instant, contact by code point, order of happening."""
    return sorted(events, key=lambda event: (event.at, event.contact))


def lines(events: Iterable[TraceEvent], *, named: bool) -> list[str]:
    """The printed trace. ``named``: with the names of the sequences."""
    return [GAP.join(event.words(named=named)) for event in in_order(events)]


def trace_lines(text: str) -> list[str]:
    """The lines of a trace as they are compared: blank lines left out, any run of blanks one."""
    return [" ".join(line.split()) for line in text.splitlines() if line.strip()]


def differences(expected: Iterable[str], found: Iterable[str]) -> list[tuple[str, str]]:
    """What differs, in order: ("-", line) is expected and missing, ("+", line) found and not expected."""
    wanted, got = trace_lines("\n".join(expected)), trace_lines("\n".join(found))
    result: list[tuple[str, str]] = []
    for _, a, b, c, d in _unequal(wanted, got):
        result += [("-", line) for line in wanted[a:b]] + [("+", line) for line in got[c:d]]
    return result


def _unequal(wanted: Sequence[str], got: Sequence[str]) -> list[tuple[str, int, int, int, int]]:
    codes = SequenceMatcher(None, wanted, got, autojunk=False).get_opcodes()
    return [code for code in codes if code[0] != "equal"]


def event_json(file: str, event: TraceEvent) -> str:
    """One object of ``simulate --json``."""
    return json.dumps(
        {
            "file": file,
            "at": event.at.astimezone(event.zone).isoformat(),
            "contact": event.contact,
            "event": event.event,
            "detail": list(event.detail),
            "sequence": event.sequence,
        },
        ensure_ascii=False,
    )


def difference_json(file: str, sign: str, line: str) -> str:
    """One differing line of ``simulate --json``, for stderr."""
    return json.dumps({"file": file, "diff": sign, "line": line}, ensure_ascii=False)


def fault_json(file: str, place: str, reason: str) -> str:
    """One fault of ``simulate --json``, for stderr."""
    return json.dumps({"file": file, "place": place, "reason": reason}, ensure_ascii=False)
