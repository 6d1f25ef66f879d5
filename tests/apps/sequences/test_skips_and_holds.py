"""What a step does for a contact: run, skip or hold (semantics 2.5, 2.26 to 2.31, 2.37, 6.6)."""

from __future__ import annotations

import pytest

from messaging.models import SenderUsage
from sequences.files.scenario import read_scenario
from sequences.models import StepRun
from sequences.simulate.life import simulate
from sequences.trace import lines
from tenants.models import Tenant
from tests.apps.sequences.lives import at, live, of, stage

pytestmark = pytest.mark.django_db


def body(
    steps: str,
    contacts: str = "{id: ann, email: ann@x.example, first_name: Ann}",
    *,
    rest: str = "description: x",
    timeline: str = "",
    head: str = "",
) -> str:
    return f"""
{head}
contacts: [{contacts}]
sequences:
  - name: S
    kind: classic
    schedule: {{time: "09:00"}}
    audience: {{conditions: [{{field: lifecycle_stage, op: is_not, value: Lost}}]}}
    {rest}
    steps: [{steps}]
timeline: [{timeline}]
"""


MAIL = "{key: a, day: 1, kind: email, template: t}"
CALL = "{key: z, day: 9, kind: call, title: Call}"


def first_day(text: str, contact: str = "ann") -> list[str]:
    """What the run of the first day did with a contact, after entering."""
    return [line[12:] for line in of(contact, live(text, until="2026-05-04 12:00"))][1:]


# 2.26


def test_2_26_the_reasons_come_in_their_order() -> None:
    both = "exit: {unsubscribed: false, bounced: false}"
    condition = MAIL.replace("}", ", conditions: [{field: city, op: is, value: Rome}]}")
    assert first_day(body(f"{condition}, {CALL}", "{id: ann}")) == ["skipped a condition"]
    assert first_day(body(f"{MAIL}, {CALL}", "{id: ann}")) == ["skipped a no_email"]
    later = MAIL.replace("day: 1", "day: 2")
    events = (
        "{at: 2026-05-04 10:00, do: bounce, contact: ann}, "
        "{at: 2026-05-04 11:00, do: unsubscribe, contact: ann}"
    )
    assert "05-05 09:00 ann skipped a unsubscribed" in live(
        body(f"{later}, {CALL}", rest=both, timeline=events)
    )
    bounce = events.split("}, ")[0] + "}"
    assert "05-05 09:00 ann skipped a bounced" in live(body(f"{later}, {CALL}", rest=both, timeline=bounce))


def test_2_26_a_second_automatic_email_is_skipped_and_a_skipped_one_does_not_count() -> None:
    second = MAIL.replace("key: a", "key: b")
    reminder = "{key: r, day: 1, kind: email_reminder, template: t}"
    assert first_day(body(f"{MAIL}, {reminder}, {second}")) == [
        "executed a",
        "executed r",
        "skipped b second_email",
    ]
    skipped = MAIL.replace("}", ", conditions: [{field: city, op: is, value: Rome}]}")
    assert first_day(body(f"{skipped}, {second}")) == ["skipped a condition", "executed b"]


def test_2_26_manual_steps_are_never_skipped_for_a_missing_address_or_number() -> None:
    manual = ", ".join(
        f"{{key: {kind[:3]}{n}, day: 1, kind: {kind}, {more}}}"
        for n, (kind, more) in enumerate(
            {
                "email_reminder": "template: t",
                "sms_reminder": "text: Hi",
                "call": "title: x",
                "linkedin": "action: connect",
            }.items()
        )
    )
    assert [line.split()[0] for line in first_day(body(manual, "{id: ann}"))] == ["executed"] * 4


def test_2_26_sms_uses_the_mobile_number_else_the_phone(tenant: Tenant) -> None:
    contacts = (
        "{id: ann, mobile: '+4915112345678', phone: '+493012345678'}, {id: ben, phone: '+493012345678'}"
    )
    on = stage(tenant, body("{key: s, day: 1, kind: sms, text: Hi}", contacts))
    on.work("05-04 09:00", is_accepted=False)
    assert [m.address_norm for m in on.messages("ann") + on.messages("ben")] == [
        "+4915112345678",
        "+493012345678",
    ]


# 2.27


def test_2_27_nothing_of_the_day_happens_for_who_is_held_and_they_take_no_capacity(tenant: Tenant) -> None:
    text = body(
        "{key: prep, day: 1, kind: task, title: x}, " + MAIL.replace("template: t", "template: named"),
        "{id: ann, email: ann@x.example}, {id: ben, email: ben@x.example, first_name: Ben}",
        head="limits: {emails_per_user_per_day: 1}",
    )
    on = stage(tenant, text)
    on.work("05-04 09:00")
    assert (on.stay("ann").held_reason, on.stay("ann").held_since) == ("placeholder", at("05-04 09:00"))
    assert not StepRun.objects.filter(enrollment=on.stay("ann")).exists()
    assert not on.reminders("ann")
    assert StepRun.objects.filter(enrollment=on.stay("ben")).count() == 2
    assert SenderUsage.objects.get().made == 1


def test_2_27_the_reasons_come_in_the_order_mailbox_placeholder_limit() -> None:
    text = body(
        MAIL.replace("template: t", "template: named"),
        "{id: ann, email: ann@x.example}",
        head="limits: {emails_per_user_per_day: 0}",
        timeline="{at: 2026-05-04 08:30, do: mailbox, state: down}, {at: 2026-05-04 10:00, do: mailbox, state: up}, "
        "{at: 2026-05-05 10:00, do: set, contact: ann, field: first_name, value: Ann}",
    )
    assert of("ann", live(text, until="2026-05-06 12:00"))[1:] == [
        "05-04 09:00 held mailbox",
        "05-05 09:00 held placeholder",
        "05-06 09:00 held limit",
    ]


def test_2_27_a_day_of_which_no_email_or_sms_would_run_is_not_held() -> None:
    down = "{at: 2026-05-04 08:30, do: mailbox, state: down}"
    skipped = MAIL.replace("}", ", conditions: [{field: city, op: is, value: Rome}]}")
    ring = "{key: ring, day: 1, kind: call, title: x}"
    assert first_day(body(f"{skipped}, {ring}", timeline=down)) == ["skipped a condition", "executed ring"]


def test_2_27_who_is_held_no_longer_is_told_so(tenant: Tenant) -> None:
    on = stage(tenant, body(f"{MAIL}, {CALL}"))
    on.happens("05-04 08:30", do="mailbox", state="down")
    on.work("05-04 09:00")
    assert on.stay("ann").held_reason == "mailbox"
    on.happens("05-05 08:30", do="mailbox", state="up")
    on.work("05-05 09:00")
    assert (on.stay("ann").held_reason, on.stay("ann").held_since) == ("", None)


# 2.28, 2.29

MANY = ", ".join(f"{{id: {name}, email: {name}@x.example}}" for name in ("zoe", "ann", "ben"))


def executed(trace: list[str]) -> list[str]:
    return [" ".join((w[0], w[2], w[4])) for w in map(str.split, trace) if w[3] == "executed"]


def test_2_28_follow_ups_come_before_newcomers_then_by_entry_then_by_creation() -> None:
    steps = MAIL + ", " + MAIL.replace("key: a, day: 1", "key: b, day: 2")
    text = body(
        steps,
        MANY,
        head="limits: {emails_per_user_per_day: 1}",
        timeline="{at: 2026-05-04 10:00, do: new, contacts: [{id: new, email: new@x.example}]}",
    )
    assert executed(live(text, until="2026-05-08 12:00")) == [
        "05-04 zoe a",
        "05-05 zoe b",
        "05-06 ann a",
        "05-07 ann b",
        "05-08 ben a",
    ]


def test_2_28_who_only_skipped_so_far_is_a_newcomer() -> None:
    skipped = "{key: n, day: 1, kind: sms, text: Hi}"
    mail = MAIL.replace("day: 1", "day: 2")
    contacts = "{id: old, email: old@x.example}, {id: new, email: new@x.example, phone: '+4915112345678'}"
    text = body(f"{skipped}, {mail}", contacts, head="limits: {emails_per_user_per_day: 1}")
    assert "05-05 new a" in executed(live(text))


def test_2_29_the_limit_counts_the_emails_of_all_sequences_of_a_sender_in_run_order() -> None:
    sequence = """
  - name: {name}
    kind: classic
    schedule: {{time: "{time}"}}
    audience: {{conditions: [{{field: email, op: not_empty}}]}}
    steps: [{{key: a, day: 1, kind: email, template: t}}]"""
    text = (
        "limits: {emails_per_user_per_day: 4}\n"
        f"contacts: [{MANY}]\nsequences:"
        + sequence.format(name="A", time="09:00")
        + sequence.format(name="B", time="09:30")
    )
    trace = live(text, until="2026-05-05 12:00")
    held = [line for line in trace if "held" in line]
    assert held == ["05-04 09:30 ann held limit @ B", "05-04 09:30 ben held limit @ B"]
    assert len(executed(trace)) == 6


def test_2_29_the_day_is_that_of_the_senders_zone(tenant: Tenant) -> None:
    """It is still the day before in Honolulu."""
    users = "users: [{email: kai@us.example, name: Kai, timezone: Pacific/Honolulu}]"
    on = stage(tenant, body(MAIL, head=users))
    on.work("05-04 09:00")
    assert str(SenderUsage.objects.get().day) == "2026-05-03"


def test_2_29_the_contacts_owner_sends_else_the_sequences(tenant: Tenant) -> None:
    users = "users: [{email: boss@us.example, name: Boss}, {email: rep@us.example, name: Rep}]"
    contacts = "{id: ann, email: ann@x.example, owner: rep@us.example}, {id: ben, email: ben@x.example}"
    on = stage(tenant, body(MAIL, contacts, rest="from: contact_owner", head=users))
    on.work("05-04 09:00")
    senders = [m.sender.email for m in on.messages("ann") + on.messages("ben") if m.sender]
    assert senders == ["rep@us.example", "boss@us.example"]


def test_2_29_a_step_may_name_its_own_sender_whose_mailbox_and_limit_count(tenant: Tenant) -> None:
    users = "users: [{email: boss@us.example}, {email: rep@us.example, emails_per_day: 0}]".replace(
        "boss@us.example", "boss@us.example, name: B"
    ).replace("emails_per_day", "name: R, emails_per_day")
    on = stage(tenant, body(MAIL.replace("}", ", from: rep@us.example}"), head=users))
    on.work("05-04 09:00")
    assert on.stay("ann").held_reason == "limit"


def test_2_29_contacts_of_a_deactivated_sender_are_held_mailbox(tenant: Tenant) -> None:
    users = "users: [{email: boss@us.example, name: B}, {email: rep@us.example, name: R}]"
    on = stage(tenant, body(MAIL, rest="from: rep@us.example", head=users))
    rep = on.life.world.members["rep@us.example"]
    rep.is_active = False
    rep.save()
    on.work("05-04 09:00")
    assert on.stay("ann").held_reason == "mailbox"


def test_2_29_what_is_cancelled_later_still_counts_for_its_day(tenant: Tenant) -> None:
    on = stage(tenant, body(MAIL))
    on.work("05-04 09:00", is_accepted=False)
    on.happens("05-04 09:10", do="remove", sequence="S", contact="ann")
    assert SenderUsage.objects.get().made == 1


# 2.5, 2.30


@pytest.mark.parametrize("mark", ["sent", "opened", "clicked", "replied", "bounced"])
@pytest.mark.parametrize("value", ["true", "false"])
def test_2_30_of_a_step_that_was_not_sent_only_sent_is_false_is_true(mark: str, value: str) -> None:
    asked = f"{{key: z, day: 1, kind: task, title: x, conditions: [{{field: step.a.{mark}, op: is, value: {value}}}]}}"
    expected = "executed z" if (mark, value) == ("sent", "false") else "skipped z condition"
    assert first_day(body(f"{asked}, {MAIL.replace('day: 1', 'day: 9')}")) == [expected]


def test_2_5_what_a_run_makes_is_not_yet_sent_for_its_own_conditions() -> None:
    asked = "{key: z, day: 1, kind: task, title: x, conditions: [{field: step.a.sent, op: is, value: true}]}"
    assert first_day(body(f"{MAIL}, {asked}")) == ["executed a", "skipped z condition"]


def test_2_30_conditions_look_at_the_messages_of_this_enrollment_only() -> None:
    asked = (
        "{key: z, day: 2, kind: task, title: x, conditions: [{field: step.a.opened, op: is, value: true}]}"
    )
    text = body(
        f"{MAIL}, {asked}",
        rest="reentry: 1",
        timeline="{at: 2026-05-04 10:00, do: open, contact: ann, step: a}, "
        "{at: 2026-05-04 11:00, do: reply, contact: ann, step: a}",
    )
    assert of("ann", live(text))[4:6] == ["05-05 09:00 executed a", "05-06 09:00 skipped z condition"]


def test_2_30_an_email_reminder_is_sent_when_it_is_completed_and_not_when_skipped_or_open() -> None:
    steps = (
        "{key: r, day: 1, kind: email_reminder, template: t}, "
        "{key: z, day: 2, kind: task, title: x, conditions: [{field: step.r.sent, op: is, value: true}]}"
    )
    text = body(
        steps,
        MANY,
        timeline="{at: 2026-05-04 10:00, do: complete, contact: ann, step: r}, "
        "{at: 2026-05-04 10:01, do: skip, contact: ben, step: r}",
    )
    assert [line for line in live(text) if "z" in line.split()] == [
        "05-05 09:00 ann executed z",
        "05-05 09:00 ben skipped z condition",
        "05-05 09:00 zoe skipped z condition",
    ]


def test_2_30_what_comes_back_to_a_mail_sent_by_hand_is_stamped_on_its_step(tenant: Tenant) -> None:
    on = stage(tenant, body("{key: r, day: 1, kind: email_reminder, template: t}"))
    on.work("05-04 09:00")
    on.happens("05-04 10:00", do="complete", contact="ann", step="r")
    on.happens("05-04 11:00", do="open", contact="ann", step="r")
    step_run = on.step_run("ann", "r")
    assert (step_run.sent_at, step_run.opened_at) == (at("05-04 10:00"), at("05-04 11:00"))


def test_2_30_the_outcome_of_a_call_compares_without_case_and_is_false_while_there_is_none() -> None:
    steps = (
        "{key: ring, day: 1, kind: call, title: x}, "
        "{key: z, day: 2, kind: task, title: x, conditions: "
        "[{field: step.ring.outcome, op: in, value: [BUSY, No answer]}]}"
    )
    text = body(
        steps, MANY, timeline="{at: 2026-05-04 10:00, do: complete, contact: ben, step: ring, outcome: busy}"
    )
    assert [line.split()[2:4] for line in live(text) if "z" in line.split()] == [
        ["ann", "skipped"],
        ["ben", "executed"],
        ["zoe", "skipped"],
    ]


# 2.31


def test_2_31_a_needed_field_of_the_senders_signature_holds_the_contact() -> None:
    users = "users: [{email: mia@us.example, name: Mia, signature: '<p>For {{ contact.city }}</p>'}]"
    assert first_day(body(MAIL, head=users)) == ["held placeholder"]
    assert first_day(body(MAIL, "{id: ann, email: a@x.example, city: Rome}", head=users)) == ["executed a"]


def test_2_31_a_signature_counts_only_for_the_mails_of_its_sender() -> None:
    users = (
        "users: [{email: mia@us.example, name: Mia}, "
        "{email: rep@us.example, name: Rep, signature: '<p>For {{ contact.city }}</p>'}]"
    )
    contacts = "{id: ann, email: a@x.example, owner: rep@us.example}, {id: ben, email: b@x.example}"
    trace = live(body(MAIL, contacts, rest="from: contact_owner", head=users), until="2026-05-04 12:00")
    assert trace[1::2] == ["05-04 09:00 ann held placeholder", "05-04 09:00 ben executed a"]


def test_2_31_the_owners_name_is_empty_without_an_owner_and_an_sms_text_needs_its_fields_too() -> None:
    text = "{key: s, day: 1, kind: sms, text: 'Call {{ owner.name }}'}"
    users = "users: [{email: mia@us.example, name: Mia}]"
    contacts = "{id: ann, phone: '+4915112345678'}, {id: ben, phone: '+4915112345679', owner: mia@us.example}"
    trace = live(body(text, contacts, head=users), until="2026-05-04 12:00")
    assert trace[1::2] == ["05-04 09:00 ann held placeholder", "05-04 09:00 ben executed s"]


def test_2_31_in_titles_and_reminders_an_empty_placeholder_stays_empty() -> None:
    steps = (
        "{key: r, day: 1, kind: email_reminder, template: named}, "
        "{key: c, day: 1, kind: call, title: 'Call {{ contact.first_name }}'}"
    )
    assert first_day(body(steps, "{id: ann}")) == ["executed r", "executed c"]


def test_2_37_an_sms_to_a_contact_of_no_known_zone_and_without_consent_is_neither_skipped_nor_held() -> None:
    """At night, too: days and trace stay those of the run. What becomes of the message is the delivery's."""
    texting = "{key: s, day: 1, kind: sms, text: Hello}, {key: z, day: 2, kind: task, title: x}"
    trace = live(
        body(texting).replace('"09:00"', '"03:00"').replace("{id: ann", '{id: ann, phone: "+4915112345678"')
    )
    assert of("ann", trace)[1:3] == ["05-05 03:00 executed s", "05-06 03:00 executed z"]


@pytest.mark.parametrize(
    ("needed", "is_held"),
    [
        ("contact.city", True),
        ("city", True),
        ("first_name", False),
        ("contact.first_name", False),
        ("account.industry", False),
        ("account.city", True),
        ("opportunity.name", True),
        ("owner.name", False),
        ("owner.email", False),
        ("sender.name", False),
        ("sender.email", False),
    ],
)
def test_6_6_a_bare_name_is_the_contacts_and_owner_and_sender_are_users(needed: str, is_held: bool) -> None:
    head = """
users: [{email: boss@us.example, name: B}, {email: rep@us.example, name: R}]
accounts: [{id: acme, industry: Paper}]
templates: {t: {subject: Hello, body: "<p>{{ NEEDED }}</p>"}}""".replace("NEEDED", needed)
    ann = "{id: ann, email: ann@x.example, first_name: Ann, account: acme, owner: rep@us.example}"
    text = f"now: 2026-05-04 08:00\ntimezone: Europe/Berlin\nuntil: 2026-05-04 12:00\n{body(MAIL, ann, head=head)}"
    printed = lines(simulate(read_scenario(text, file="test")), named=False)
    assert printed[-1].endswith("held  placeholder" if is_held else "executed  a")


def test_6_6_the_owner_of_a_contact_who_has_none_is_empty() -> None:
    users = "users: [{email: boss@us.example, name: B, signature: '<p>{{ owner.name }}</p>'}]"
    assert first_day(body(MAIL, head=users)) == ["held placeholder"]
