"""Who comes in and who is refused (semantics 2.9 to 2.17)."""

from __future__ import annotations

import pytest

from sequences.commands import people
from sequences.models import Addition, Enrollment
from tenants.models import Tenant
from tests.apps.sequences.lives import at, live, stage

pytestmark = pytest.mark.django_db

LEADS = "audience: {conditions: [{field: lifecycle_stage, op: is, value: Lead}]}"


def one(contacts: str, rest: str = LEADS, steps: str = "", timeline: str = "", **more: str) -> str:
    """A scenario of one classic sequence with one call step."""
    steps = steps or "[{key: a, day: 1, kind: call, title: Call}, {key: z, day: 9, kind: call, title: Call}]"
    head = "".join(f"{key}: {value}\n" for key, value in more.items())
    return f"""
{head}
contacts: [{contacts}]
sequences:
  - name: S
    kind: classic
    schedule: {{time: "09:00"}}
    {rest}
    steps: {steps}
timeline: [{timeline}]
"""


def entries(body: str, **given: str) -> list[str]:
    """``05-04 ann`` for each entry."""
    words = [line.split() for line in live(body, **given)]
    return [f"{day} {who}" for day, _, who, event, *_ in words if event == "entered"]


LEAD = "{id: ann, lifecycle_stage: Lead, email: ann@x.example}"


def test_2_9_conditions_or_a_view_admit_and_no_longer_matching_is_no_exit() -> None:
    views = "[{name: Fair, record: contact, conditions: [{field: city, op: is, value: Rome}]}]"
    rest = LEADS.replace("}]}", "}], views: [Fair]}")
    contacts = f"{LEAD}, {{id: ben, city: Rome}}, {{id: cyd, city: Oslo}}"
    timeline = "{at: 2026-05-04 12:00, do: set, contact: ann, field: lifecycle_stage, value: Lost}"
    trace = live(one(contacts, rest, timeline=timeline, views=views), until="2026-05-05 12:00")
    assert [line for line in trace if "entered" in line] == [
        "05-04 09:00 ann entered",
        "05-04 09:00 ben entered",
    ]
    assert not [line for line in trace if "exited" in line]


def test_2_9_a_view_without_conditions_is_everyone() -> None:
    views = "[{name: All, record: contact, conditions: []}]"
    body = one("{id: ann}, {id: ben}", "audience: {views: [All]}", views=views)
    assert entries(body) == ["05-04 ann", "05-04 ben"]


def test_2_9_without_conditions_and_views_nobody_enters_by_themselves() -> None:
    assert live(one(LEAD, "description: x")) == []


def test_2_10_who_matches_the_exit_conditions_is_refused_also_by_hand() -> None:
    rest = LEADS + "\n    exit: {conditions: [{field: score, op: '>', value: 5}]}"
    contacts = "{id: ann, lifecycle_stage: Lead, score: 9}, {id: ben, lifecycle_stage: Lead, score: 1}"
    timeline = "{at: 2026-05-04 08:30, do: add, sequence: S, contact: ann}"
    assert entries(one(contacts, rest, timeline=timeline)) == ["05-04 ben"]


def test_2_10_an_unsubscribed_or_bounced_address_is_refused_also_by_hand(tenant: Tenant) -> None:
    from audience.models import Suppression

    on = stage(tenant, one(f"{LEAD}, {{id: ben, email: ben@x.example}}, {{id: cyd, lifecycle_stage: Lead}}"))
    for reason, address in (("unsubscribed", "ann@x.example"), ("bounced", "ben@x.example")):
        Suppression.objects.create(address_norm=address, reason=reason, at=at("05-04 08:00"))
    people.add(sequence=on.sequence, contacts=[on.contact("ben")], by=on.life.by, now=at("05-04 08:30"))
    on.work("05-04 09:00")
    assert [e.contact_id for e in Enrollment.objects.all()] == [on.contact("cyd")]
    assert not Addition.objects.exists()


@pytest.mark.parametrize(
    ("kinds", "admitted"),
    [
        ("{key: a, day: 1, kind: email, template: t}", ["05-04 mail"]),
        ("{key: a, day: 1, kind: sms, text: Hi}", ["05-04 text"]),
        (
            "{key: a, day: 1, kind: email, template: t}, {key: b, day: 9, kind: sms, text: Hi}",
            ["05-04 mail", "05-04 text"],
        ),
        (
            "{key: a, day: 1, kind: email, template: t}, {key: b, day: 9, kind: email_reminder, template: t}",
            ["05-04 mail", "05-04 none", "05-04 text"],
        ),
    ],
)
def test_2_10_who_could_receive_no_step_of_the_whole_plan_is_refused(kinds: str, admitted: list[str]) -> None:
    contacts = (
        "{id: mail, lifecycle_stage: Lead, email: m@x.example}, {id: none, lifecycle_stage: Lead},"
        "{id: text, lifecycle_stage: Lead, phone: '+4915112345678'}"
    )
    assert sorted(entries(one(contacts, steps=f"[{kinds}]"))) == admitted


def test_2_10_a_number_that_said_stop_is_none() -> None:
    contacts = "{id: ann, lifecycle_stage: Lead, phone: '+4915112345678'}"
    stop = "{at: 2026-05-04 08:30, do: sms_stop, contact: ann}"
    assert entries(one(contacts, steps="[{key: a, day: 1, kind: sms, text: Hi}]", timeline=stop)) == []


UNIQUE = LEADS.replace("{conditions", "{unique_email: true, conditions")


def test_2_11_of_several_with_one_address_the_first_created_comes_in_and_empty_ones_are_not_equal() -> None:
    contacts = (
        "{id: zoe, lifecycle_stage: Lead, email: ' Team@x.example'}, {id: ann, lifecycle_stage: Lead, "
        "email: team@X.example}, {id: ben, lifecycle_stage: Lead}, {id: cyd, lifecycle_stage: Lead}"
    )
    assert sorted(entries(one(contacts, UNIQUE))) == ["05-04 ben", "05-04 cyd", "05-04 zoe"]


def test_2_11_the_first_who_passes_everything_else_comes_in() -> None:
    contacts = (
        "{id: one, lifecycle_stage: Lost, email: team@x.example}, "
        "{id: two, lifecycle_stage: Lead, email: team@x.example}"
    )
    assert entries(one(contacts, UNIQUE)) == ["05-04 two"]


def test_2_11_an_address_that_was_ever_inside_through_another_contact_is_refused_also_by_hand() -> None:
    contacts = f"{LEAD}, {{id: ben, email: ann@x.example}}"
    timeline = (
        "{at: 2026-05-05 10:00, do: remove, sequence: S, contact: ann}, "
        "{at: 2026-05-05 11:00, do: add, sequence: S, contact: ben}, "
        "{at: 2026-05-06 11:00, do: add, sequence: S, contact: ann}"
    )
    assert entries(one(contacts, UNIQUE, timeline=timeline)) == ["05-04 ann", "05-07 ann"]


def two(first: str, second: str, timeline: str = "") -> str:
    """Two sequences over one contact; the second runs an hour later."""
    sequence = """
  - name: {name}
    kind: classic
    schedule: {{time: "{time}"}}
    audience: {{{audience}conditions: [{{field: email, op: not_empty}}]}}
    steps: [{{key: a, day: 1, kind: call, title: Call}}, {{key: b, day: 3, kind: call, title: Call}}]"""
    return (
        "contacts: [{id: ann, email: ann@x.example}]\nsequences:"
        + sequence.format(name="A", time="09:00", audience=first)
        + sequence.format(name="B", time="10:00", audience=second)
        + f"\ntimeline: [{timeline}]\n"
    )


def test_2_12_who_is_in_an_exclusive_sequence_is_admitted_to_no_other_until_the_exit() -> None:
    trace = live(two("exclusive: true, ", ""))
    assert [line for line in trace if "entered" in line] == [
        "05-04 09:00 ann entered @ A",
        "05-07 10:00 ann entered @ B",
    ]


def test_2_12_an_exclusive_one_admits_nobody_who_is_in_any_also_not_paused_or_by_hand() -> None:
    timeline = (
        "{at: 2026-05-04 09:30, do: pause, sequence: A, contact: ann}, "
        "{at: 2026-05-04 09:31, do: add, sequence: B, contact: ann}"
    )
    trace = live(two("", "exclusive: true, ", timeline))
    assert [line for line in trace if "entered" in line] == ["05-04 09:00 ann entered @ A"]


def test_2_12_without_the_switch_contacts_may_be_in_many_sequences() -> None:
    assert len([line for line in live(two("", "")) if "entered" in line]) == 2


def test_2_13_an_addition_waits_for_the_next_run_is_decided_there_and_then_gone(tenant: Tenant) -> None:
    on = stage(tenant, one("{id: ann}", "description: x"))
    given = {"sequence": on.sequence, "contacts": [on.contact("ann")], "by": on.life.by}
    assert people.add(**given, now=at("05-04 08:30")) == 1
    assert people.add(**given, now=at("05-04 08:31")) == 0
    on.work("05-04 09:00")
    assert not Addition.objects.exists()
    assert on.stay("ann").added_by == on.life.by
    assert people.add(**given, now=at("05-04 10:00")) == 0


def test_2_13_removing_cancels_a_waiting_addition_or_exits_at_once_also_while_paused(tenant: Tenant) -> None:
    on = stage(tenant, one("{id: ann, lifecycle_stage: Lead}, {id: ben}"))
    on.work("05-04 09:00")
    given = {"sequence": on.sequence, "by": on.life.by}
    people.add(**given, contacts=[on.contact("ben")], now=at("05-04 10:00"))
    people.pause(**given, contacts=[on.contact("ann")], now=at("05-04 10:01"))
    both = [on.contact("ann"), on.contact("ben")]
    assert people.remove(**given, contacts=both, now=at("05-04 10:02")) == 2
    assert not Addition.objects.exists()
    assert (on.stay("ann").state, on.stay("ann").exit_reason) == ("exited", "removed")


REENTRY = LEADS + "\n    reentry: 2"


def test_2_14_reentry_counts_from_the_local_day_of_the_exit() -> None:
    timeline = "{at: 2026-05-05 23:59, do: reply, contact: ann}"
    assert entries(one(LEAD, REENTRY, timeline=timeline)) == ["05-04 ann", "05-07 ann"]


def test_2_14_who_was_removed_does_not_come_again_but_by_hand() -> None:
    timeline = (
        "{at: 2026-05-05 10:00, do: remove, sequence: S, contact: ann}, "
        "{at: 2026-05-09 10:00, do: add, sequence: S, contact: ann}, "
        "{at: 2026-05-10 10:00, do: reply, contact: ann}"
    )
    body = one(LEAD, REENTRY, timeline=timeline)
    assert entries(body, until="2026-05-20 12:00") == ["05-04 ann", "05-10 ann", "05-12 ann"]


def test_2_15_a_contact_without_a_primary_account_never_comes_by_an_account_audience() -> None:
    rest = "record: account\n    audience: {conditions: [{field: industry, op: is_not, value: Coal}]}"
    accounts = "[{id: mill, industry: Paper}, {id: pit, industry: Coal}]"
    contacts = "{id: ann, account: mill}, {id: ben, account: pit}, {id: cyd}"
    assert entries(one(contacts, rest, accounts=accounts)) == ["05-04 ann"]


def test_2_15_a_stay_keeps_its_account_and_exit_conditions_look_at_that_one() -> None:
    rest = (
        "record: account\n    audience: {conditions: [{field: industry, op: is, value: Paper}]}\n"
        "    exit: {conditions: [{field: employees, op: '>', value: 100}]}"
    )
    accounts = "[{id: mill, industry: Paper}, {id: dock, employees: 900}]"
    timeline = (
        "{at: 2026-05-04 10:00, do: set, contact: ann, field: account, value: dock}, "
        "{at: 2026-05-06 10:00, do: set, account: mill, field: employees, value: 101}"
    )
    trace = live(one("{id: ann, account: mill}", rest, accounts=accounts, timeline=timeline))
    assert trace[-1] == "05-07 09:00 ann exited condition"


DEALS = """[{id: small, contact: ann, stage: Offer, amount: 1}, {id: lost, contact: ann, stage: Lost, amount: 7},
  {id: big, contact: ann, stage: Offer, amount: 9}, {id: old, contact: ben, stage: Lost, amount: 5}]"""
OFFERS = "record: opportunity\n    audience: {conditions: [{field: stage, op: is, value: Offer}]}"


@pytest.mark.parametrize(
    ("contact", "timeline", "amount"),
    [
        ("ann", "", "= 1"),
        ("ann", "set, opportunity: small, field: stage, value: Lost", "= 9"),
        ("ben", "add, sequence: S, contact: ben", "= 5"),
        ("cyd", "add, sequence: S, contact: cyd", "empty"),
    ],
)
def test_2_15_a_contact_comes_through_the_first_that_matches_by_hand_else_the_first_else_none(
    contact: str, timeline: str, amount: str
) -> None:
    op, _, value = amount.partition(" ")
    asked = f"{{field: amount, op: '{op}'{', value: ' + value if value else ''}}}"
    steps = (
        f"[{{key: it, day: 1, kind: task, title: x, conditions: [{asked}]}}, {{key: z, day: 9, kind: task}}]"
    )
    happens = f"{{at: 2026-05-04 08:30, do: {timeline}}}" if timeline else ""
    body = one("{id: ann}, {id: ben}, {id: cyd}", OFFERS, steps, happens, opportunities=DEALS)
    trace = live(body, until="2026-05-04 12:00")
    assert f"05-04 09:00 {contact} executed it" in trace
    assert f"05-04 09:00 {contact} skipped it condition" not in trace


def test_2_16_a_dotted_account_is_the_contacts_current_one_a_bare_field_the_one_it_came_through() -> None:
    rest = "record: account\n    audience: {conditions: [{field: industry, op: is, value: Paper}]}"
    accounts = "[{id: mill, industry: Paper}, {id: dock, industry: Ships}]"
    steps = """[
      {key: bare, day: 2, kind: task, title: x, conditions: [{field: industry, op: is, value: Paper}]},
      {key: dotted, day: 2, kind: task, title: x, conditions: [{field: account.industry, op: is, value: Paper}]}]"""
    timeline = "{at: 2026-05-04 10:00, do: set, contact: ann, field: account, value: dock}"
    trace = live(one("{id: ann, account: mill}", rest, steps, timeline, accounts=accounts))
    assert trace[1:3] == ["05-05 09:00 ann executed bare", "05-05 09:00 ann skipped dotted condition"]


@pytest.mark.parametrize(
    ("op", "admitted"),
    [("in", []), ("not_in", ["ann"]), ("was_in", ["ann"]), ("never_in", [])],
)
def test_2_17_membership_is_of_stays_and_not_of_waiting_additions(op: str, admitted: list[str]) -> None:
    """ann has left A, ben waits for a paused A."""
    body = f"""
contacts: [{{id: ann}}]
sequences:
  - {{name: A, kind: classic, schedule: {{time: "09:00"}}, steps: [{{key: a, day: 1, kind: call, title: x}}]}}
  - name: B
    kind: classic
    schedule: {{time: "12:00"}}
    audience: {{conditions: [{{field: sequence, op: {op}, value: a}}]}}
    steps: [{{key: b, day: 1, kind: call, title: x}}]
timeline:
  - {{at: 2026-05-04 08:30, do: add, sequence: A, contact: ann}}
  - {{at: 2026-05-04 10:00, do: remove, sequence: A, contact: ann}}
  - {{at: 2026-05-04 11:00, do: add, sequence: A, contact: ann}}
"""
    trace = live(body, until="2026-05-04 13:00")
    assert [line.split()[2] for line in trace if line.endswith("entered @ B")] == admitted


def test_2_35_a_step_without_conditions_always_matches_and_exits_without_never_do() -> None:
    body = one(
        "{id: ann}",
        "audience: {conditions: [{field: city, op: empty}]}\n    exit: {match: any, conditions: []}",
    )
    trace = live(body, until="2026-05-04 12:00")
    assert trace == ["05-04 09:00 ann entered", "05-04 09:00 ann executed a"]
