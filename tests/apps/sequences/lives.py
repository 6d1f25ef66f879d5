"""Short scenarios for tests of the rules, and a stage on which one stays in the database to be looked at.

Everything begins on Monday 2026-05-04 at 08:00 in Berlin; sequences run at 09:00.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from activities.models import Reminder
from messaging import outbox
from messaging.models import Message
from sequences import ticking
from sequences.files.loading import load
from sequences.files.scenario import read_scenario
from sequences.files.specs import TimelineEvent
from sequences.models import Enrollment, Run, Schedule, Sequence, StepRun
from sequences.simulate.life import Life, simulate, start
from sequences.simulate.timeline import happen
from sequences.trace import lines
from tenants.commands import add_member
from tenants.models import Tenant

BERLIN = ZoneInfo("Europe/Berlin")

HEAD = """
now: {now}
timezone: Europe/Berlin
until: {until}
templates:
  t: {{subject: Hello, body: "<p>Hello, it is me.</p>"}}
  named: {{subject: Hello, body: "<p>{{{{ contact.first_name }}}}</p>"}}
"""


def live(body: str, *, now: str = "2026-05-04 08:00", until: str = "2026-05-12 12:00") -> list[str]:
    """The trace of a scenario, each line from its month on with single blanks: ``05-04 09:00 ann entered``."""
    scenario = read_scenario(HEAD.format(now=now, until=until) + body, file="test")
    printed = lines(simulate(scenario), named=len(scenario.sequences) > 1)
    return [" ".join(line.split())[5:] for line in printed]


def of(contact: str, trace: list[str]) -> list[str]:
    """The lines of one contact, without the contact."""
    return [line.replace(f" {contact} ", " ", 1) for line in trace if line.split()[2] == contact]


def at(moment: str) -> datetime:
    """``05-04 09:00`` in Berlin."""
    day, clock = moment.split()
    return datetime.combine(date.fromisoformat(f"2026-{day}"), time.fromisoformat(clock), BERLIN)


@dataclass
class Stage:
    """A scenario that was loaded into the tenant in use and stays there."""

    life: Life

    @property
    def sequence(self) -> Sequence:
        """The first one, as it is now."""
        return Sequence.objects.order_by("pk")[0]

    @property
    def runs(self) -> list[Run]:
        return list(Run.objects.order_by("scheduled_for"))

    @property
    def next_run(self) -> datetime | None:
        return Schedule.objects.get(sequence_id=self.sequence.pk).next_run_at

    def contact(self, name: str) -> int:
        return self.life.world.ids["contact", name]

    def work(self, moment: str, *, is_accepted: bool = True) -> list[ticking.Worked]:
        """Work what is due by a moment, each instant as on time; its messages are handed over unless said otherwise."""
        done: list[ticking.Worked] = []
        while worked := ticking.work_first(self.life.tenant.pk, now=at(moment), is_on_time=True):
            done.append(worked)
            if is_accepted:
                outbox.accept_all(worked.run.started_at)
        return done

    def happens(self, moment: str, **event: object) -> None:
        """One event of the timeline."""
        if event.get("step"):
            event.setdefault("sequence", self.sequence.name)
        happen(TimelineEvent(at=at(moment), **event), self.life.world, by=self.life.by, now=at(moment))  # type: ignore[arg-type]

    def stay(self, name: str) -> Enrollment:
        """The contact's latest stay."""
        return Enrollment.objects.filter(contact=self.contact(name)).order_by("-pk")[0]

    def step_run(self, name: str, key: str) -> StepRun:
        return StepRun.objects.get(enrollment=self.stay(name), key=key)

    def messages(self, name: str) -> list[Message]:
        return list(Message.objects.filter(contact=self.contact(name)).order_by("pk"))

    def reminders(self, name: str) -> list[Reminder]:
        return list(Reminder.objects.filter(contact=self.contact(name)).order_by("pk"))


def stage(tenant: Tenant, body: str, *, now: str = "2026-05-04 08:00") -> Stage:
    """Load a scenario into the tenant in use and begin it."""
    text = HEAD.format(now=now, until="2027-12-31 12:00") + body
    scenario = read_scenario(text, file="test")
    world = load(scenario, at=scenario.now)
    by = add_member(email=f"by@{tenant.slug}.example", name="By", role="admin")
    life = Life(scenario, tenant, world, by)
    start(life)
    return Stage(life)
