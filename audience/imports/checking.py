"""Finding out what an import would do, before it does it: the same reading, and no record is touched or locked."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from audience.catalogue import choices_of, lowered
from audience.conditions.types import FieldType
from audience.imports import jobs
from audience.imports.choices import met
from audience.imports.entries import Entry
from audience.imports.identity import accounts_named, found, keys_of, known_as
from audience.imports.reach import BEYOND, Reach
from audience.imports.work import Turns, Work, refuse, unknown_owners
from audience.models import ImportJob

CHECKED_AT_ONCE = 2000
"""Rows of a file that is checked while one waits."""
EXAMPLES = 5
"""Rows that are shown of each kind."""
MOST_VALUES, LONGEST_VALUE = 20, 60
CREATED, UPDATED, SKIPPED = "created", "updated", "skipped"


@dataclass
class Check(Turns):
    """Checks one import, a batch with each ``step``; one that was killed begins anew.

    What it finds stands in the job's counts, its refused rows, and ``forecast``: ``examples`` (line, verdict, values),
    ``companies`` (how many would be made), ``choices`` (by label of the field, the values that its list would get).
    """

    states = (ImportJob.CHECKING,)
    _met: set[int] = field(default_factory=set)
    _companies: set[int] = field(default_factory=set)
    _choices: dict[str, dict[str, None]] = field(default_factory=dict)
    _examples: list[dict[str, Any]] = field(default_factory=list)

    def _begin(self, job: ImportJob) -> None:
        jobs.forget_counts(job)

    def _is_begun(self, job: ImportJob) -> bool:
        return job.done > 0

    def _take(self, job: ImportJob, entries: list[Entry], now: datetime) -> None:
        keys = keys_of(job.kind, entries)
        is_update, is_new_always = (
            job.on_duplicate == choice for choice in (ImportJob.UPDATE, ImportJob.CREATE)
        )
        known = {} if is_new_always else found(job.kind, set(keys.values()))
        beyond = Reach(job.kind, job.owner).beyond(known.values()) if is_update else set()
        verdicts: list[tuple[Entry, str, int | None]] = []
        for entry in entries:
            key = keys[entry.identity] if entry.identity else None
            pk = known.get(key) if key else None
            if is_new_always or not (pk or (key and hash(key) in self._met)):
                verdict = CREATED
                self._met |= {hash(name) for name in known_as(key, entry)}
            elif pk in beyond:
                refuse(job, [(entry.row, BEYOND)])
                continue
            else:
                verdict = UPDATED if is_update else SKIPPED
            setattr(job, verdict, getattr(job, verdict) + 1)
            verdicts.append((entry, verdict, pk))
        taken = [entry for entry, verdict, _ in verdicts if verdict != SKIPPED]
        self._foresee_companies(taken)
        self._foresee_choices(taken)
        for entry, verdict, pk in verdicts:
            self._show(entry, verdict, pk)

    def _finish(self, job: ImportJob, now: datetime) -> None:
        job.state, job.total = ImportJob.CHECKED, job.done
        job.forecast = {
            "examples": sorted(self._examples, key=lambda example: example["line"]),
            "companies": len(self._companies),
            "choices": {label: list(values) for label, values in self._choices.items() if values},
            "warnings": unknown_owners(job),
        }

    def _show(self, entry: Entry, verdict: str, pk: int | None) -> None:
        if sum(example["verdict"] == verdict for example in self._examples) < EXAMPLES:
            said = [[name, text[:LONGEST_VALUE]] for name, text in self.form.told(entry)]
            self._examples.append({"line": entry.row.line, "verdict": verdict, "pk": pk, "values": said})

    def _foresee_companies(self, entries: list[Entry]) -> None:
        folded = set(lowered({entry.account for entry in entries if entry.account}).values())
        self._companies |= {hash(name) for name in folded - accounts_named(folded).keys()}

    def _foresee_choices(self, entries: list[Entry]) -> None:
        """What open lists would get; the entries are spelled as the lists do."""
        for field_ in self.form.fields:
            if field_.type is FieldType.CHOICE and not field_.choices:
                filled = [entry.values for entry in entries if field_.key in entry.values]
                spelling = met(field_, dict.fromkeys(values[field_.key] for values in filled))
                for values in filled:
                    values[field_.key] = spelling[values[field_.key]]
                met_before = self._choices.setdefault(field_.label, {})
                listed = set(choices_of(field_))
                for value in spelling.values():
                    if value not in listed and len(met_before) < MOST_VALUES:
                        met_before[value] = None


def check_now(job: ImportJob, *, at: datetime) -> None:
    """Check a small file here and now."""
    jobs.check(job, at=at, is_worked_here=True)
    turns = Check(job.pk)
    while turns.step(now=at):
        pass


def turns_of(job_id: int) -> Turns:
    """What is to be done about an import: check it, or work it."""
    is_check = ImportJob.objects.filter(pk=job_id, state=ImportJob.CHECKING).exists()
    return Check(job_id) if is_check else Work(job_id)
