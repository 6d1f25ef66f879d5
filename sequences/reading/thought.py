"""A run that is only thought of: what the engine would ask and decide, without a row of it."""

from __future__ import annotations

from collections.abc import Iterable
from copy import copy
from datetime import datetime
from typing import Any

from sequences import enrollment
from sequences.engine.due import Work, work_of
from sequences.models import Run, Sequence
from steps.models import Step
from tenants.localtime import local_date


def thought_of(
    sequence: Sequence, *, now: datetime, rows: Iterable[Step] | None = None, **changed: Any
) -> Work:
    """The next run of a sequence if it happened at ``now``, with these fields of it changed; on a copy.

    ``rows``: the steps of its plan, where they were read already.
    """
    thought = copy(sequence)
    for name, value in changed.items():
        setattr(thought, name, value)
    today = local_date(now, thought.timezone)
    run = Run(sequence=thought, ordinal=enrollment.last_ordinal(sequence.pk) + 1, local_day=today)
    return work_of(thought, run, now=now, rows=rows)
