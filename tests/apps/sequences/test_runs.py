"""Status, schedules and the order of runs (semantics 2.1 to 2.8)."""

from __future__ import annotations

from datetime import time, timedelta
from zoneinfo import ZoneInfo

import pytest

from messaging.models import Message
from sequences import schedule, ticking
from sequences.commands import status
from sequences.commands.editing import change_settings
from sequences.files.specs import RecordSpec
from sequences.models import Addition, Sequence
from sequences.refusals import Refused
from tenants.models import Tenant
from tests.apps.sequences.lives import at, live, stage

pytestmark = pytest.mark.django_db

BODY = """
contacts: [{id: ann, email: ann@x.example}]
sequences:
  - name: S
    kind: classic
    schedule: {time: "09:00"}
    audience: {conditions: [{field: email, op: not_empty}]}
    steps:
      - {key: a, day: 1, kind: email, template: t}
      - {key: b, day: 2, kind: email, template: t}
      - {key: c, day: 3, kind: email, template: t}
      - {key: d, day: 4, kind: email, template: t}
"""


def with_status(word: str) -> str:
    return BODY.replace("    kind: classic", f"    kind: classic\n    status: {word}")


def days(trace: list[str]) -> list[str]:
    """``05-04 a`` for each step that was executed."""
    return [f"{w[0]} {w[4]}" for w in map(str.split, trace) if w[3] == "executed"]


def timeline(*events: str) -> str:
    return f"timeline: [{', '.join(f'{{{event}}}' for event in events)}]\n"


# 2.1


def test_2_1_pausing_or_resuming_a_draft_or_an_archived_sequence_does_nothing(tenant: Tenant) -> None:
    on = stage(tenant, with_status("draft"))
    for verb in (status.pause, status.resume, status.archive):
        assert not verb(sequence=on.sequence, by=on.life.by, now=at("05-04 08:30"))
    assert on.sequence.status == "draft"
    on.happens("05-04 08:40", do="activate", sequence="S")
    assert status.archive(sequence=on.sequence, by=on.life.by, now=at("05-04 08:50"))
    for verb in (status.pause, status.resume, status.activate):
        assert not verb(sequence=on.sequence, by=on.life.by, now=at("05-04 09:30"))
    assert on.sequence.status == "archived"


def test_2_1_activation_names_a_fault_and_leaves_a_draft(tenant: Tenant) -> None:
    on = stage(tenant, with_status("draft"))
    on.sequence.plan.steps.all().delete()
    with pytest.raises(Refused, match="no step"):
        status.activate(sequence=on.sequence, by=on.life.by, now=at("05-04 08:30"))
    assert (on.sequence.status, on.sequence.activated_at) == ("draft", None)


def test_2_1_one_that_starts_paused_begins_with_its_first_resume() -> None:
    event = timeline("at: 2026-05-06 08:00, do: resume, sequence: S")
    assert days(live(with_status("paused") + event))[0] == "05-06 a"


def test_2_1_an_archived_one_drops_additions_and_lets_those_inside_finish_also_when_it_was_paused(
    tenant: Tenant,
) -> None:
    on = stage(tenant, BODY + "timeline: []\n")
    on.work("05-04 09:00")
    on.happens("05-04 10:00", do="new", records=(_person("ben"),))
    on.happens("05-04 10:01", do="add", sequence="S", contact="ben")
    on.happens("05-04 11:00", do="pause", sequence="S")
    on.happens("05-06 10:00", do="archive", sequence="S")
    assert not Addition.objects.exists()
    on.happens("05-06 10:30", do="add", sequence="S", contact="ben")
    on.work("05-20 12:00")
    assert on.stay("ann").exit_reason == "completed"
    assert [run.entered for run in on.runs] == [1, 0, 0, 0, 0]
    assert on.next_run is None  # nobody is inside any more


def _person(name: str) -> RecordSpec:
    return RecordSpec("contact", name, {"email": f"{name}@x.example"})


def test_2_1_archived_with_end_the_stays_end_as_removed() -> None:
    trace = live(BODY + timeline("at: 2026-05-04 10:00, do: archive, sequence: S, inside: end"))
    assert trace[-1] == "05-04 10:00 ann exited removed"


# 2.2


def test_2_2_a_local_time_in_the_gap_is_the_first_instant_after_it() -> None:
    body = BODY.replace('"09:00"', '"02:30"')
    trace = live(body, now="2026-03-28 01:00", until="2026-03-30 12:00")
    assert trace[2:] == ["03-29 03:00 ann executed b", "03-30 02:30 ann executed c"]


# 2.3, 2.4


def test_2_3_runs_of_a_tenant_follow_their_instant_then_the_creation_of_the_sequence(tenant: Tenant) -> None:
    second = BODY.split("sequences:\n")[1].replace("name: S", "name: T").replace('"09:00"', '"08:30"')
    third = BODY.split("sequences:\n")[1].replace("name: S", "name: R")
    on = stage(tenant, BODY + second + third)
    assert [worked.sequence.name for worked in on.work("05-04 12:00")] == ["T", "S", "R"]


def test_2_3_what_happens_from_outside_at_the_instant_of_a_run_happens_before_it() -> None:
    trace = live(BODY + timeline("at: 2026-05-05 09:00, do: reply, contact: ann"))
    assert trace[-1] == "05-05 09:00 ann exited replied"


# 2.6


def test_2_6_the_first_run_is_at_or_after_activation_and_after_a_resume_likewise() -> None:
    assert days(live(BODY, now="2026-05-04 09:00"))[0] == "05-04 a"
    assert days(live(BODY, now="2026-05-04 09:01"))[0] == "05-05 a"
    events = timeline(
        "at: 2026-05-05 08:00, do: pause, sequence: S", "at: 2026-05-05 09:30, do: resume, sequence: S"
    )
    assert days(live(BODY + events))[:2] == ["05-04 a", "05-06 b"]


# 2.7


def outage(until: str) -> list[str]:
    return live(BODY + timeline(f"at: 2026-05-05 08:00, do: outage, until: 2026-05-{until}"))


def test_2_7_a_run_up_to_six_hours_late_happens_once_as_soon_as_possible() -> None:
    assert outage("05 15:00")[2:4] == ["05-05 15:00 ann executed b", "05-06 09:00 ann executed c"]


def test_2_7_a_later_one_is_missed_and_every_day_comes_later() -> None:
    assert outage("05 15:01")[2:4] == ["05-06 09:00 ann executed b", "05-07 09:00 ann executed c"]


def test_2_7_on_another_local_day_it_is_missed_however_short_the_delay() -> None:
    body = BODY.replace('"09:00"', '"22:00"')
    event = timeline("at: 2026-05-05 21:00, do: outage, until: 2026-05-06 00:00")
    assert live(body + event)[2] == "05-06 22:00 ann executed b"


def test_2_7_a_missed_run_is_a_row_without_ordinal(tenant: Tenant) -> None:
    on = stage(tenant, BODY)
    done, failed = ticking.work_tenant(tenant.pk, now=at("05-06 10:00"))
    assert not failed
    assert [worked.run.ordinal for worked in done] == [None, None, 1]
    assert [run.local_day.day for run in on.runs if run.local_day] == [4, 5, 6]
    assert Message.objects.get().made_at == at("05-06 10:00")


def test_2_7_after_a_standstill_what_came_in_meanwhile_comes_first() -> None:
    trace = live(
        BODY
        + timeline(
            "at: 2026-05-05 08:00, do: outage, until: 2026-05-05 10:00",
            "at: 2026-05-05 09:30, do: reply, contact: ann",
        )
    )
    assert trace[-1] == "05-05 10:00 ann exited replied"


# 2.8


def test_2_8_a_changed_time_holds_from_the_next_run_and_never_twice_on_a_day(tenant: Tenant) -> None:
    on = stage(tenant, BODY)
    on.work("05-04 09:00")
    given = {"sequence": on.sequence, "by": on.life.by}
    change_settings(**given, run_time=time(11), now=at("05-04 10:00"))
    assert on.next_run == at("05-05 11:00")
    change_settings(**given, run_time=time(8), now=at("05-05 10:00"))
    assert on.next_run == at("05-06 08:00")


def test_2_8_no_run_comes_on_a_day_on_which_one_was_missed(tenant: Tenant) -> None:
    on = stage(tenant, BODY)
    ticking.work_tenant(tenant.pk, now=at("05-04 16:00"))
    assert on.runs[0].ordinal is None
    change_settings(sequence=on.sequence, by=on.life.by, run_time=time(18), now=at("05-04 17:00"))
    assert on.next_run == at("05-05 18:00")


def test_2_8_no_change_after_the_sixth_hour_gives_the_day_another_run(tenant: Tenant) -> None:
    """Nothing has noted the missed run by then: the change itself does."""
    on = stage(tenant, BODY)
    change_settings(sequence=on.sequence, by=on.life.by, run_time=time(18), now=at("05-04 15:01"))
    assert [run.ordinal for run in on.runs] == [None]
    assert on.next_run == at("05-05 18:00")


def test_2_8_a_change_replaces_a_run_that_was_due_and_did_not_happen_yet(tenant: Tenant) -> None:
    on = stage(tenant, BODY)
    change_settings(sequence=on.sequence, by=on.life.by, run_time=time(18), now=at("05-04 14:00"))
    assert (on.runs, on.next_run) == ([], at("05-04 18:00"))


def test_2_8_what_comes_in_while_a_tick_is_late_comes_before_the_run(tenant: Tenant) -> None:
    """The tick looks every half a minute: at 9:00:10 the run of 9:00 has not happened yet."""
    on = stage(tenant, BODY)
    now = at("05-04 09:00") + timedelta(seconds=10)
    change_settings(sequence=on.sequence, by=on.life.by, entry_conditions=[], now=now)
    assert on.next_run == at("05-04 09:00"), "settings that are no schedule leave it"
    on.happens("05-04 09:00", do="add", sequence="S", contact="ann")
    assert status.pause(sequence=on.sequence, by=on.life.by, now=now)
    assert (on.runs, on.next_run) == ([], None)
    assert status.resume(sequence=on.sequence, by=on.life.by, now=now)
    assert (on.runs, on.next_run) == ([], at("05-05 09:00")), "resumed after today's time (2.6)"


def test_2_8_a_run_that_is_late_happens_for_those_inside_an_archived_sequence(tenant: Tenant) -> None:
    on = stage(tenant, BODY)
    on.work("05-04 09:00")
    assert status.archive(sequence=on.sequence, by=on.life.by, now=at("05-05 11:00"))
    assert on.next_run == at("05-05 09:00")
    ticking.work_tenant(tenant.pk, now=at("05-05 11:01"))
    assert [run.started_at for run in on.runs][1:] == [at("05-05 11:01")]
    assert on.step_run("ann", "b").state == "executed"


def test_2_1_an_archived_one_with_nobody_inside_has_no_late_run(tenant: Tenant) -> None:
    on = stage(tenant, BODY)
    assert status.archive(sequence=on.sequence, by=on.life.by, now=at("05-04 11:00"))
    assert on.next_run is None
    assert ticking.work_tenant(tenant.pk, now=at("05-04 11:01")) == ([], [])


def test_2_8_after_a_change_of_zone_dates_are_compared_as_dates(tenant: Tenant) -> None:
    on = stage(tenant, BODY)
    on.work("05-04 09:00")
    zone = ZoneInfo("Pacific/Auckland")
    change_settings(sequence=on.sequence, by=on.life.by, timezone=zone, now=at("05-04 10:00"))
    assert on.next_run is not None
    assert on.next_run.astimezone(zone).isoformat() == "2026-05-05T09:00:00+12:00"


def test_a_draft_tells_when_it_would_run(tenant: Tenant) -> None:
    stage(tenant, with_status("draft"))
    found = schedule.next_occurrence(Sequence.objects.get(), since=at("05-04 09:30"))
    assert found.at == at("05-05 09:00")


def test_a_message_is_stale_at_the_end_of_the_next_allowed_day(tenant: Tenant) -> None:
    on = stage(tenant, BODY.replace('"09:00"', '"09:00", exclude_weekends: true, holidays: [2026-05-05]'))
    on.work("05-04 09:00")
    assert on.messages("ann")[0].not_after == at("05-07 00:00")
