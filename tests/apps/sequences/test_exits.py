"""When a stay ends (semantics 2.18 to 2.25)."""

from __future__ import annotations

import pytest

from audience.commands import suppress
from audience.fields import Catalogue
from messaging.intake import take_in
from sequences.leaving import look
from sequences.models import StepRun
from tenants.models import Tenant
from tests.apps.sequences.lives import at, live, of, stage
from tests.apps.sequences.test_in_doubt import deliver
from tests.sink import Rule, Sink

pytestmark = pytest.mark.django_db

CONTACTS = """
accounts: [{id: mill}]
contacts:
  - {id: ann, email: ann@x.example, account: mill}
  - {id: ben, email: ben@x.example, account: mill}
"""
SEQUENCE = """
  - name: {name}
    kind: classic
    schedule: {{time: "{time}"}}
    audience: {{conditions: [{{field: email, op: not_empty}}]}}
    {rest}
    steps:
      - {{key: a, day: 1, kind: email, template: t}}
      - {{key: ring, day: 1, kind: call, title: Call}}
      - {{key: b, day: 3, kind: email, template: t}}
"""


def one(rest: str = "description: x", timeline: str = "") -> str:
    sequence = SEQUENCE.format(name="S", time="09:00", rest=rest)
    return f"{CONTACTS}\nsequences:\n{sequence}\ntimeline: [{timeline}]\n"


def two(rest: str, timeline: str) -> str:
    both = (
        SEQUENCE.format(name=name, time=time, rest=rest) for name, time in (("A", "09:00"), ("B", "10:00"))
    )
    return f"{CONTACTS}\nsequences:\n{''.join(both)}\ntimeline: [{timeline}]\n"


def exits(trace: list[str]) -> list[str]:
    return [line for line in trace if "exited" in line]


def test_2_18_at_an_exit_what_was_not_handed_over_and_open_reminders_are_cancelled(tenant: Tenant) -> None:
    on = stage(tenant, one())
    on.work("05-04 09:00", is_accepted=False)
    on.happens("05-04 10:00", do="remove", sequence="S", contact="ann")
    assert [(m.state, m.reason) for m in on.messages("ann")] == [("cancelled", "removed")]
    assert [r.state for r in on.reminders("ann")] == ["cancelled"]
    assert (on.step_run("ann", "a").state, on.step_run("ann", "a").reason) == ("cancelled", "removed")
    assert [m.state for m in on.messages("ben")] == ["pending"]


def test_2_18_after_completed_open_reminders_stay_to_be_done(tenant: Tenant) -> None:
    on = stage(tenant, one())
    on.work("05-09 10:00")
    assert on.stay("ann").exit_reason == "completed"
    assert [r.state for r in on.reminders("ann")] == ["open"]


@pytest.mark.parametrize(
    ("switch", "event", "reason"),
    [
        ("replied", "do: reply, contact: ann, step: a", "replied"),
        ("unsubscribed", "do: unsubscribe, contact: ann", "unsubscribed"),
        ("bounced", "do: bounce, contact: ann, step: a", "bounced"),
    ],
)
def test_2_18_each_switch_ends_the_stay_when_it_happens_also_of_the_paused(
    switch: str, event: str, reason: str
) -> None:
    timeline = (
        f"{{at: 2026-05-04 12:00, do: pause, sequence: S, contact: ann}}, {{at: 2026-05-04 13:00, {event}}}"
    )
    assert of("ann", live(one(timeline=timeline)))[-1] == f"05-04 13:00 exited {reason}"
    off = live(one(f"exit: {{{switch}: false}}", timeline))
    assert "exited" not in of("ann", off)[-1]


def test_2_18_exit_conditions_are_joined_by_any_and_looked_at_in_every_run() -> None:
    rest = "exit: {conditions: [{field: city, op: is, value: Rome}, {field: score, op: '>', value: 5}]}"
    timeline = (
        "{at: 2026-05-04 12:00, do: set, contact: ann, field: score, value: 6}, "
        "{at: 2026-05-05 12:00, do: set, contact: ben, field: city, value: Rome}"
    )
    assert exits(live(one(rest, timeline))) == [
        "05-05 09:00 ann exited condition",
        "05-06 09:00 ben exited condition",
    ]


def test_2_18_exit_conditions_are_looked_at_once_more_before_a_message_leaves(tenant: Tenant) -> None:
    on = stage(tenant, one("exit: {conditions: [{field: city, op: is, value: Rome}]}"))
    on.work("05-04 09:00", is_accepted=False)
    on.happens(
        "05-04 09:30",
        do="set",
        record="contact",
        record_id="ann",
        field=Catalogue().get("contact", "city"),
        value="Rome",
    )
    look([on.stay("ann").pk, on.stay("ben").pk], at("05-04 10:00"))
    assert (on.stay("ann").exit_reason, on.stay("ben").state) == ("condition", "active")
    assert [m.state for m in on.messages("ann") + on.messages("ben")] == ["cancelled", "pending"]


def test_2_19_completed_is_who_waits_for_a_later_run_so_a_reply_to_the_last_mail_still_counts() -> None:
    timeline = "{at: 2026-05-06 20:00, do: reply, contact: ann, step: b}"
    assert exits(live(one(timeline=timeline))) == [
        "05-06 20:00 ann exited replied",
        "05-07 09:00 ben exited completed",
    ]


def test_2_19_who_has_a_message_waiting_to_be_sent_is_not_completed(tenant: Tenant) -> None:
    on = stage(tenant, one())
    on.work("05-05 10:00")
    on.work("05-07 10:00", is_accepted=False)
    assert [m.state for m in on.messages("ann")] == ["sent", "pending"]
    assert on.stay("ann").state == "active"
    on.work("05-08 10:00")
    assert on.stay("ann").state == "active"
    on.work("05-09 10:00")
    assert on.stay("ann").exit_reason == "completed"


def test_2_20_a_reply_ends_the_stays_in_every_sequence_also_when_it_answers_no_message() -> None:
    trace = live(two("description: x", "{at: 2026-05-05 12:00, do: reply, contact: ann}"))
    assert exits(trace)[:2] == ["05-05 12:00 ann exited replied @ A", "05-05 12:00 ann exited replied @ B"]


def test_2_20_only_the_message_answered_counts_as_replied(tenant: Tenant) -> None:
    on = stage(tenant, two("exit: {replied: false}", ""))
    on.work("05-04 10:00")
    on.happens("05-04 12:00", do="reply", contact="ann", step="a", sequence="A")
    first, second = StepRun.objects.filter(enrollment__contact=on.contact("ann"), key="a").order_by("pk")
    assert (first.replied_at, first.opened_at) == (at("05-04 12:00"), at("05-04 12:00"))
    assert second.replied_at is None


def test_2_21_a_colleagues_reply_ends_the_stays_of_the_others_the_repliers_follows_replied() -> None:
    rest = "exit: {colleague_replied: true, replied: false}"
    trace = live(one(rest, "{at: 2026-05-05 12:00, do: reply, contact: ann}"))
    assert exits(trace) == ["05-05 12:00 ben exited colleague_replied", "05-07 09:00 ann exited completed"]


def test_2_21_a_colleague_need_not_be_inside() -> None:
    rest = "exit: {colleague_replied: true}"
    body = one(rest, "{at: 2026-05-05 12:00, do: reply, contact: cyd}").replace(
        "sequences:", "  - {id: cyd, account: mill}\nsequences:", 1
    )
    assert exits(live(body)) == [
        "05-05 12:00 ann exited colleague_replied",
        "05-05 12:00 ben exited colleague_replied",
    ]


def test_2_22_a_soft_bounce_changes_nothing(tenant: Tenant) -> None:
    on = stage(tenant, one())
    on.work("05-04 09:00")
    on.happens("05-04 10:00", do="bounce", contact="ann", step="a", hard=False)
    assert on.stay("ann").state == "active"
    assert on.step_run("ann", "a").bounced_at is None


def test_2_22_an_address_without_a_message_ends_the_stays_of_those_who_have_it(tenant: Tenant) -> None:
    on = stage(tenant, one())
    on.work("05-04 09:00")
    take_in("unsubscribed", address="ben@x.example", at=at("05-04 10:00"), source="person")
    assert (on.stay("ann").state, on.stay("ben").exit_reason) == ("active", "unsubscribed")


def test_2_22_a_changed_address_is_written_to_again_but_exits_stay_exits() -> None:
    rest = "reentry: 1"
    timeline = (
        "{at: 2026-05-04 12:00, do: unsubscribe, contact: ann}, "
        "{at: 2026-05-05 12:00, do: set, contact: ann, field: email, value: new@x.example}"
    )
    assert of("ann", live(one(rest, timeline)))[:6] == [
        "05-04 09:00 entered",
        "05-04 09:00 executed a",
        "05-04 09:00 executed ring",
        "05-04 12:00 exited unsubscribed",
        "05-06 09:00 entered",
        "05-06 09:00 executed a",
    ]


OFF = "exit: {unsubscribed: false, bounced: false}"
"""Nothing that concerns an address ends a stay."""


@pytest.mark.parametrize(
    ("kind", "about", "reason"),
    [
        ("unsubscribed", {"contact": True}, "unsubscribed"),
        ("unsubscribed", {"address": "ann@x.example"}, "unsubscribed"),
        ("bounced", {"contact": True}, "bounced"),
    ],
)
def test_2_22_with_the_switch_off_what_waits_for_the_address_is_cancelled_at_once(
    tenant: Tenant, kind: str, about: dict, reason: str
) -> None:
    """R-036: the stay goes on, nothing of it leaves, and every page says so before any delivery looks."""
    on = stage(tenant, one(OFF).replace("ben@x.example", "Ann@x.example"))
    on.work("05-04 09:00", is_accepted=False)
    given = {"contact": on.contact("ann")} if about.pop("contact", False) else {}
    take_in(kind, at=at("05-04 09:10"), source="page", **given, **about)
    for name in ("ann", "ben"):
        assert [(m.state, m.reason) for m in on.messages(name)] == [("cancelled", reason)]
        assert on.stay(name).state == "active"
        assert (on.step_run(name, "a").state, on.step_run(name, "a").reason) == ("cancelled", reason)
        assert [r.state for r in on.reminders(name)] == ["open"]
    on.work("05-06 09:00", is_accepted=False)
    assert on.step_run("ann", "b").reason == reason


@pytest.mark.parametrize("switch", ["true", "false"])
def test_2_22_a_message_that_is_refused_has_failed_and_says_why(
    tenant: Tenant, sink: Sink, switch: str
) -> None:
    on = stage(tenant, one(f"exit: {{bounced: {switch}}}"))
    on.work("05-04 09:00", is_accepted=False)
    sink.add(Rule(at="rcpt", reply="550 5.1.1 No such user", recipient="ann@x.example"))
    assert deliver(on, sink, "05-04 09:01") == {"failed": 1, "sent": 1}
    (message,) = on.messages("ann")
    assert (message.state, message.smtp_code) == ("failed", 550)
    assert on.stay("ann").exit_reason == ("bounced" if switch == "true" else "")


def test_2_22_what_a_person_puts_on_the_list_is_cancelled_at_once(tenant: Tenant) -> None:
    on = stage(tenant, one(OFF))
    on.work("05-04 09:00", is_accepted=False)
    suppress(by=on.life.by, channel="email", address="ANN@x.example", at=at("05-04 09:10"))
    assert [m.state for m in on.messages("ann") + on.messages("ben")] == ["cancelled", "pending"]


def test_2_22_what_waits_for_another_address_of_the_contact_stays(tenant: Tenant) -> None:
    on = stage(tenant, one(OFF))
    on.work("05-04 09:00", is_accepted=False)
    take_in(
        "unsubscribed",
        at=at("05-04 09:10"),
        source="page",
        contact=on.contact("ann"),
        address="old@x.example",
    )
    assert [m.state for m in on.messages("ann")] == ["pending"]


def test_2_23_an_sms_stop_cancels_what_waits_for_the_number_and_no_mail(tenant: Tenant) -> None:
    body = one(OFF).replace("email: ann@x.example", "email: ann@x.example, phone: '+4915112345678'")
    body = body.replace(
        "{key: ring, day: 1, kind: call, title: Call}", "{key: text, day: 1, kind: sms, text: Hi}"
    )
    on = stage(tenant, body)
    on.work("05-04 09:00", is_accepted=False)
    take_in("sms_stop", at=at("05-04 09:10"), source="page", contact=on.contact("ann"))
    assert {m.channel: m.state for m in on.messages("ann")} == {"email": "pending", "sms": "cancelled"}
    assert on.stay("ann").state == "active"


def test_2_23_an_sms_stop_ends_no_stay() -> None:
    body = one(timeline="{at: 2026-05-04 12:00, do: sms_stop, contact: ann}").replace(
        "email: ann@x.example,", "email: ann@x.example, phone: '+4915112345678',"
    )
    assert exits(live(body))[0] == "05-07 09:00 ann exited completed"


def test_2_25_a_click_counts_as_opened_and_an_event_without_a_step_concerns_the_last_message(
    tenant: Tenant,
) -> None:
    on = stage(tenant, one())
    on.work("05-06 09:00")
    on.happens("05-06 10:00", do="click", contact="ann")
    assert on.step_run("ann", "a").opened_at is None
    last = on.step_run("ann", "b")
    assert (last.clicked_at, last.opened_at) == (at("05-06 10:00"), at("05-06 10:00"))


def test_2_25_an_event_that_names_a_step_of_which_nothing_was_sent_is_ignored() -> None:
    timeline = "{at: 2026-05-04 12:00, do: reply, contact: ann, step: b}"
    assert exits(live(one(timeline=timeline)))[0] == "05-07 09:00 ann exited completed"


def test_2_25_facts_after_an_exit_are_still_recorded(tenant: Tenant) -> None:
    on = stage(tenant, one())
    on.work("05-04 09:00")
    on.happens("05-04 10:00", do="remove", sequence="S", contact="ann")
    on.happens("05-04 11:00", do="open", contact="ann", step="a")
    assert on.step_run("ann", "a").opened_at == at("05-04 11:00")
