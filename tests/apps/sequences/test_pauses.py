"""Pauses by hand, by an automatic reply and of a whole sequence (semantics 2.1, 2.24, 2.33)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from messaging import halts
from messaging.models import StopEvent
from sequences.commands import people, status
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
"""


def trace(*timeline: str) -> list[str]:
    """What happens after the first day."""
    return live(f"{BODY}timeline: [{', '.join(f'{{{event}}}' for event in timeline)}]\n")[2:]


def test_2_33_resuming_goes_on_where_the_days_stopped() -> None:
    found = trace(
        "at: 2026-05-05 10:00, do: pause, sequence: S, contact: ann",
        "at: 2026-05-08 08:00, do: resume, sequence: S, contact: ann",
    )
    assert found[1:] == [
        "05-05 10:00 ann paused manual",
        "05-08 08:00 ann resumed",
        "05-08 09:00 ann executed c",
        "05-09 09:00 ann exited completed",
    ]


def test_2_33_pausing_twice_or_resuming_who_is_not_paused_does_nothing() -> None:
    found = trace(
        "at: 2026-05-04 10:00, do: resume, sequence: S, contact: ann",
        "at: 2026-05-04 11:00, do: pause, sequence: S, contact: ann",
        "at: 2026-05-05 11:00, do: pause, sequence: S, contact: ann",
        "at: 2026-05-06 11:00, do: resume, sequence: S, contact: ann",
    )
    assert found[:3] == [
        "05-04 11:00 ann paused manual",
        "05-06 11:00 ann resumed",
        "05-07 09:00 ann executed b",
    ]


def test_2_33_pausing_a_sequence_stops_its_days_and_writes_no_line() -> None:
    found = trace(
        "at: 2026-05-04 10:00, do: pause, sequence: S", "at: 2026-05-07 10:00, do: resume, sequence: S"
    )
    assert found[:2] == ["05-08 09:00 ann executed b", "05-09 09:00 ann executed c"]


def test_2_33_a_message_not_handed_over_waits_and_expires_later_by_the_length_of_the_pause(
    tenant: Tenant,
) -> None:
    on = stage(tenant, BODY)
    on.work("05-04 09:00", is_accepted=False)
    before = on.messages("ann")[0].not_after
    given = {"sequence": on.sequence, "contacts": [on.contact("ann")], "by": on.life.by}
    people.pause(**given, now=at("05-04 10:00"))
    assert on.messages("ann")[0].held_since == at("05-04 10:00")
    people.resume(**given, now=at("05-06 10:00"))
    message = on.messages("ann")[0]
    assert before is not None
    assert (message.state, message.held_since, message.not_after) == (
        "pending",
        None,
        before + timedelta(days=2),
    )


def test_2_33_the_pause_of_a_sequence_stops_its_messages_and_not_those_of_who_stays_paused(
    tenant: Tenant,
) -> None:
    on = stage(tenant, BODY.replace("[{id: ann,", "[{id: ben, email: ben@x.example}, {id: ann,"))
    on.work("05-04 09:00", is_accepted=False)
    people.pause(sequence=on.sequence, contacts=[on.contact("ben")], by=on.life.by, now=at("05-04 09:30"))
    status.pause(sequence=on.sequence, by=on.life.by, now=at("05-04 10:00"))
    assert StopEvent.objects.filter(scope="sequence", lifted_at=None).exists()
    assert on.next_run is None
    status.resume(sequence=on.sequence, by=on.life.by, now=at("05-05 10:00"))
    assert not StopEvent.objects.filter(scope="sequence", lifted_at=None).exists()
    assert on.messages("ann")[0].held_since is None
    assert on.messages("ben")[0].held_since == at("05-04 09:30")
    assert on.next_run == at("05-06 09:00")


def test_2_24_an_automatic_reply_pauses_until_its_date_or_for_five_days() -> None:
    assert trace("at: 2026-05-04 10:00, do: auto_reply, contact: ann, step: a, until: 2026-05-06")[1:3] == [
        "05-06 09:00 ann resumed",
        "05-06 09:00 ann executed b",
    ]
    assert trace("at: 2026-05-04 10:00, do: auto_reply, contact: ann")[1] == "05-09 09:00 ann resumed"


def test_2_24_a_second_one_keeps_the_later_date_and_writes_no_line() -> None:
    found = trace(
        "at: 2026-05-04 10:00, do: auto_reply, contact: ann, until: 2026-05-08",
        "at: 2026-05-04 11:00, do: auto_reply, contact: ann, until: 2026-05-06",
        "at: 2026-05-04 12:00, do: auto_reply, contact: ann, until: 2026-05-10",
    )
    assert found[:2] == ["05-04 10:00 ann paused auto_reply", "05-10 09:00 ann resumed"]


def test_2_24_a_manual_pause_is_left_alone() -> None:
    found = trace(
        "at: 2026-05-04 10:00, do: pause, sequence: S, contact: ann",
        "at: 2026-05-04 11:00, do: auto_reply, contact: ann, until: 2026-05-06",
    )
    assert found == ["05-04 10:00 ann paused manual"]


def test_2_24_pausing_by_hand_during_one_makes_it_manual() -> None:
    found = trace(
        "at: 2026-05-04 10:00, do: auto_reply, contact: ann, until: 2026-05-06",
        "at: 2026-05-04 11:00, do: pause, sequence: S, contact: ann",
        "at: 2026-05-08 11:00, do: resume, sequence: S, contact: ann",
    )
    assert found == [
        "05-04 10:00 ann paused auto_reply",
        "05-04 11:00 ann paused manual",
        "05-08 11:00 ann resumed",
        "05-09 09:00 ann executed b",
        "05-10 09:00 ann executed c",
        "05-11 09:00 ann exited completed",
    ]


def test_2_24_resuming_by_hand_ends_either() -> None:
    found = trace(
        "at: 2026-05-04 10:00, do: auto_reply, contact: ann, until: 2026-05-20",
        "at: 2026-05-05 11:00, do: resume, sequence: S, contact: ann",
    )
    assert found[1:3] == ["05-05 11:00 ann resumed", "05-06 09:00 ann executed b"]


def test_2_24_with_ignore_nothing_happens() -> None:
    body = BODY.replace("    steps:", "    out_of_office: ignore\n    steps:")
    found = live(body + "timeline: [{at: 2026-05-04 10:00, do: auto_reply, contact: ann}]\n")
    assert found[2] == "05-05 09:00 ann executed b"


def test_2_4_who_is_resumed_at_a_run_takes_part_in_it_and_exits_come_first() -> None:
    body = BODY.replace(
        "    steps:", "    exit: {conditions: [{field: city, op: is, value: Rome}]}\n    steps:"
    )
    timeline = (
        "timeline: [{at: 2026-05-04 10:00, do: auto_reply, contact: ann, until: 2026-05-06}, "
        "{at: 2026-05-04 11:00, do: set, contact: ann, field: city, value: Rome}]\n"
    )
    assert live(body + timeline)[-1] == "05-05 09:00 ann exited condition"


def test_2_19_paused_people_are_not_completed() -> None:
    assert trace("at: 2026-05-06 10:00, do: pause, sequence: S, contact: ann")[-1] == (
        "05-06 10:00 ann paused manual"
    )


def test_2_29_the_sequences_of_a_deactivated_member_are_paused(tenant: Tenant) -> None:
    on = stage(tenant, BODY)
    on.work("05-04 09:00", is_accepted=False)
    status.pause_owned_by(member=on.sequence.owner, by=on.life.by, now=at("05-04 10:00"))
    assert (on.sequence.status, on.next_run) == ("paused", None)
    assert StopEvent.objects.filter(scope="member", lifted_at=None).count() == 1
    assert on.messages("ann")[0].held_since == at("05-04 10:00")


def test_2_33_during_a_stop_of_all_sending_days_stand_still_and_no_burst_follows(tenant: Tenant) -> None:
    told = stage(tenant, BODY)
    told.work("05-04 12:00")
    halts.begin(None, by=None, reason="Wrong template", at=at("05-04 13:00"))
    told.work("05-07 12:00")
    assert len(told.messages("ann")) == 1, "three days and no mail more"
    assert (told.stay("ann").held_reason, told.stay("ann").held_since) == ("stopped", at("05-05 09:00"))
    halts.end(None, by=None, at=at("05-07 13:00"))
    told.work("05-08 12:00")
    assert len(told.messages("ann")) == 2
    assert told.stay("ann").held_reason == ""
    told.work("05-09 12:00")
    assert len(told.messages("ann")) == 3


def test_2_27_a_members_stop_holds_what_they_send_and_nothing_else(tenant: Tenant) -> None:
    told = stage(tenant, BODY)
    halts.begin(told.sequence.owner, by=None, reason="Away", at=at("05-04 08:30"))
    told.work("05-04 12:00")
    assert told.messages("ann") == []
    assert told.stay("ann").held_reason == "stopped"
    halts.end(told.sequence.owner, by=None, at=at("05-04 13:00"))
    told.work("05-05 12:00")
    assert len(told.messages("ann")) == 1
