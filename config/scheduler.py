"""The process that rings the beat table."""

import time
from typing import Any

from celery.beat import Scheduler as CeleryScheduler
from django.conf import settings

from config import heartbeat


class Scheduler(CeleryScheduler):
    """Rings by the monotonic clock: a clock that is set back must not silence the bells for that long.

    Keeps no file. Every entry rings at the start and then each time its seconds have passed.
    """

    max_interval = 1

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.due: dict[str, float] = {}
        super().__init__(*args, **kwargs)

    def setup_schedule(self) -> None:
        """Take the table as it is (Celery would add a clean-up of results, of which there are none)."""
        self.merge_inplace(self.app.conf.beat_schedule)

    def tick(self, *_args: Any, **_kwargs: Any) -> float:
        """Ring what is due; returns the seconds until the next bell."""
        now = time.monotonic()
        for name, entry in self.schedule.items():
            if now >= self.due.get(name, now):
                self.due[name] = now + entry.schedule.run_every.total_seconds()
                self.apply_entry(entry, producer=self.producer)
        if now >= self.due.get(heartbeat.BEAT, now):
            self.due[heartbeat.BEAT] = now + settings.HEARTBEAT_SECONDS
            heartbeat.write(heartbeat.BEAT)
        return max(0.0, min(self.max_interval, min(self.due.values()) - time.monotonic()))
