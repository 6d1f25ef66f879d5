"""Smart sequences: one step a run, by interval (semantics 4)."""

from __future__ import annotations

import pytest

from sequences.commands.editing import change_settings
from tenants.models import Tenant
from tests.apps.sequences.lives import at, live, stage

pytestmark = pytest.mark.django_db


def body(*steps: str, every: int = 2, more: str = "", timeline: str = "") -> str:
    lines = "\n".join(f"      - {{{step}}}" for step in steps)
    return f"""
contacts: [{{id: ann, email: ann@x.example}}]
sequences:
  - name: S
    kind: smart
    schedule: {{time: "09:00", every_days: {every}{more}}}
    audience: {{conditions: [{{field: email, op: not_empty}}]}}
    steps:
{lines}
timeline: [{timeline}]
"""


MAILS = [f"key: {key}, kind: email, template: t" for key in "abc"]


def test_4_1_the_interval_counts_from_the_last_run_and_moves_on_to_an_allowed_day() -> None:
    trace = live(body(*MAILS, every=5, more=", exclude_weekends: true"), until="2026-05-25 12:00")
    assert [line.split()[0] for line in trace if "executed" in line] == ["05-04", "05-11", "05-18"]


def test_4_1_after_a_missed_run_the_interval_begins_with_the_next_that_happens() -> None:
    outage = "{at: 2026-05-06 08:00, do: outage, until: 2026-05-06 20:00}"
    trace = live(body(*MAILS, timeline=outage))
    assert [line.split()[0] for line in trace if "executed" in line] == ["05-04", "05-07", "05-09"]


def test_2_8_a_new_interval_counts_from_the_last_run(tenant: Tenant) -> None:
    on = stage(tenant, body(*MAILS))
    on.work("05-04 09:00")
    change_settings(sequence=on.sequence, by=on.life.by, every_days=4, now=at("05-05 10:00"))
    assert on.next_run == at("05-08 09:00")


def test_4_2_the_first_step_that_matches_and_was_not_had_and_not_matching_is_no_skip() -> None:
    warm = "key: warm, kind: call, title: x, conditions: [{field: step.a.opened, op: is, value: true}]"
    opened = "{at: 2026-05-06 10:00, do: open, contact: ann, step: a}"
    assert live(body(warm, *MAILS[:2], every=1, timeline=opened))[1:] == [
        "05-04 09:00 ann executed a",
        "05-05 09:00 ann executed b",
        "05-07 09:00 ann executed warm",
        "05-08 09:00 ann exited completed",
    ]


def test_4_3_a_step_that_cannot_be_sent_is_the_one_step_of_the_run_and_counts_as_had() -> None:
    text = "key: text, kind: sms, text: Hi"
    assert live(body(text, MAILS[0], every=1))[1:4] == [
        "05-04 09:00 ann skipped text no_phone",
        "05-05 09:00 ann executed a",
        "05-06 09:00 ann exited completed",
    ]


def test_4_3_who_was_held_is_looked_at_anew() -> None:
    other = "key: ring, kind: call, title: x, conditions: [{field: city, op: is, value: Rome}]"
    events = (
        "{at: 2026-05-04 08:30, do: mailbox, state: down}, "
        "{at: 2026-05-04 10:00, do: set, contact: ann, field: city, value: Rome}"
    )
    assert live(body(other, MAILS[0], every=1, timeline=events))[1:4] == [
        "05-04 09:00 ann held mailbox",
        "05-05 09:00 ann executed ring",
        "05-06 09:00 ann held mailbox",
    ]


def test_4_4_completed_at_a_later_run_when_every_step_of_the_plan_of_then_was_had() -> None:
    publish = (
        "{at: 2026-05-05 10:00, do: publish, sequence: S, "
        "steps: [{key: a, kind: email, template: t}, {key: n, kind: call, title: x}]}"
    )
    assert live(body(*MAILS, timeline=publish))[1:] == [
        "05-04 09:00 ann executed a",
        "05-06 09:00 ann executed n",
        "05-08 09:00 ann exited completed",
    ]
