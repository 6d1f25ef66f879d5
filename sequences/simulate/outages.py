"""When a simulated system is down (semantics 2.7, 6.7). Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sequences.files.specs import TimelineEvent


@dataclass(frozen=True)
class Outages:
    """Spans in which nothing is taken in and nothing done: the beginning is inside, the end is not."""

    spans: tuple[tuple[datetime, datetime], ...] = ()

    @classmethod
    def of(cls, timeline: Iterable[TimelineEvent]) -> Outages:
        """Those of a timeline, which is in order; one that begins before another is over prolongs it."""
        spans: list[tuple[datetime, datetime]] = []
        for event in timeline:
            if event.do != "outage":
                continue
            assert isinstance(event.until, datetime)
            if spans and event.at <= spans[-1][1]:
                spans[-1] = spans[-1][0], max(spans[-1][1], event.until)
            else:
                spans.append((event.at, event.until))
        return cls(tuple(spans))

    def over_at(self, at: datetime) -> datetime:
        """The instant itself, or the end of the outage in which it lies."""
        return next((end for start, end in self.spans if start <= at < end), at)
