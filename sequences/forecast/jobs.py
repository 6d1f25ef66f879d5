"""A forecast that somebody waits for: asked by a page, lived by a worker, told through the cache for an hour.

Nothing of it stands in the database. A worker that dies leaves a job that says no more; the page notices by its time.
"""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.cache import cache

from sequences.engine.questions import Unreadable
from sequences.forecast import turns
from sequences.forecast.living import Cancelled, forecast
from sequences.forecast.results import Forecast
from sequences.models import Sequence
from tenants.wall import current_id

KEPT = timedelta(hours=1)
PATIENCE = timedelta(minutes=5)
"""So long without a word a job has broken off: longer than any forecast is let to take."""
AGAIN = timedelta(seconds=2)
"""Then a job that found no place asks again."""

WAITING, RUNNING, DONE, FAILED, CANCELLED = "waiting", "running", "done", "failed", "cancelled"


@dataclass(frozen=True)
class Job:
    """``done`` of ``days`` days were lived. ``told_at``: when that was said last. ``behind``: whom it waits for."""

    days: int
    contact_id: int | None
    asked_at: str
    told_at: str
    state: str = WAITING
    done: int = 0
    behind: str = ""
    problem: str = ""
    result: dict[str, Any] | None = None

    @property
    def asked(self) -> datetime:
        """The instant from which it looks ahead."""
        return datetime.fromisoformat(self.asked_at)

    @property
    def is_over(self) -> bool:
        return self.state in (DONE, FAILED, CANCELLED)

    @property
    def forecast(self) -> Forecast | None:
        return Forecast.of_json(self.result) if self.result else None

    def is_lost(self, now: datetime) -> bool:
        """Whether nobody works on it any more."""
        if self.is_over:
            return False
        if self.state == RUNNING and not turns.is_made():
            return True
        return now - datetime.fromisoformat(self.told_at) > PATIENCE


def ask(sequence: Sequence, *, days: int, contact_id: int | None, now: datetime) -> str:
    """Have a forecast made; the token by which it is asked for."""
    from sequences.tasks import make_forecast

    token, at = secrets.token_urlsafe(12), now.isoformat()
    _keep(_key(sequence.pk, token), Job(days, contact_id, at, at))
    make_forecast.delay(current_id(), sequence.pk, token)
    return token


def job_of(sequence_id: int, token: str) -> Job | None:
    """The job as it stands; None for one that is not known, or forgotten."""
    found = cache.get(_key(sequence_id, token)) if token else None
    return Job(**found) if found else None


def cancel(sequence_id: int, token: str) -> None:
    """Let whoever works on it know that nobody waits any more."""
    cache.set(f"{_key(sequence_id, token)}:off", 1, timeout=KEPT.total_seconds())


def work(sequence_id: int, token: str, *, now: datetime) -> bool:
    """Make the forecast, in the tenant in use; whether to ask again later, since it was not its turn.

    A job that is over or forgotten is left alone.
    """
    job = job_of(sequence_id, token)
    sequence = Sequence.objects.select_related("plan").filter(pk=sequence_id).first()
    if job is None or job.is_over or sequence is None:
        return False
    # The engine works in a scratch tenant meanwhile: the key is that of the tenant who asked.
    key, at = _key(sequence_id, token), now.isoformat()

    def told(state: str, **more: Any) -> None:
        _keep(key, Job(**{**asdict(job), "state": state, "told_at": at, **more}))

    if cache.get(f"{key}:off"):
        told(CANCELLED)
        return False
    if waits_for := turns.behind():
        told(WAITING, behind=waits_for)
        return True

    def progress(done: int, of: int) -> bool:
        told(RUNNING, done=done)
        return not cache.get(f"{key}:off")

    try:
        found = forecast(
            sequence,
            now=job.asked,
            days=job.days,
            contact_id=job.contact_id,
            progress=progress,
        )
    except Cancelled:
        told(CANCELLED)
    except Unreadable as fault:
        told(FAILED, problem=f"{fault}.")
    except Exception:
        told(FAILED, problem="It broke off for a reason of our own.")
        raise
    else:
        told(DONE, done=job.days, result=found.as_json())
    return False


def _keep(key: str, job: Job) -> None:
    cache.set(key, asdict(job), timeout=KEPT.total_seconds())


def _key(sequence_id: int, token: str) -> str:
    return f"forecast:{current_id()}:{sequence_id}:{token}"
