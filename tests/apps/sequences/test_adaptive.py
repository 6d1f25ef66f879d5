"""Adaptive sequences by the paragraphs of semantics §5, each in a few people's days."""

from __future__ import annotations

import pytest

from sequences.commands.editing import change_settings
from sequences.reading.listing import rows_of
from tenants.models import Tenant
from tests.apps.sequences.lives import at, live, of, stage

pytestmark = pytest.mark.django_db

PEOPLE = """
contacts:
  - {id: ann, email: ann@x.example, lifecycle_stage: Lead}
  - {id: ben, email: ben@x.example, lifecycle_stage: Lead}
"""
TREE = """
sequences:
  - name: Tree
    kind: adaptive
    schedule: {hours: "09:00-17:00"}
    audience: {conditions: [{field: lifecycle_stage, op: is, value: Lead}]}
    steps:
"""


def tree(steps: str, timeline: str = "", people: str = PEOPLE, head: str = TREE) -> list[str]:
    """The trace of one tree; ``steps`` and ``timeline`` are lines of YAML without their dashes' indent."""
    indented = "\n".join(f"      {line}" for line in steps.strip().splitlines())
    happened = "\n".join(f"  {line}" for line in timeline.strip().splitlines())
    return live(people + head + indented + (f"\ntimeline:\n{happened}\n" if happened else "\n"))


def test_5_1_when_an_arm_ends_the_step_after_the_condition_follows() -> None:
    found = tree(
        """
- {key: ring, kind: call}
- {key: asked, kind: condition, of: ring, outcomes: [yes please], yes: [{key: sms, kind: task}], no: []}
- {key: last, kind: task}
""",
        """
- {at: 2026-05-04 10:00, do: complete, contact: ann, step: ring, outcome: Yes Please}
- {at: 2026-05-04 10:00, do: complete, contact: ben, step: ring, outcome: no}
- {at: 2026-05-04 10:05, do: complete, contact: ann, step: sms}
""",
    )
    assert of("ann", found)[-1] == "05-04 10:05 executed last"
    assert of("ben", found)[-2:] == ["05-04 10:00 branched asked no", "05-04 10:00 executed last"]


def test_5_2_nothing_happens_outside_the_working_hours_and_not_at_their_end() -> None:
    found = tree(
        "- {key: a, kind: task}\n- {key: b, kind: email, template: t}",
        """
- {at: 2026-05-04 16:58, do: complete, contact: ann, step: a}
- {at: 2026-05-04 17:00, do: complete, contact: ben, step: a}
""",
    )
    assert "05-04 16:58 executed b" in of("ann", found)
    assert of("ben", found)[-3:] == [
        "05-04 17:00 completed a",
        "05-05 09:00 executed b",
        "05-05 09:00 exited completed",
    ]


def test_5_3_entries_and_exits_by_condition_are_at_full_quarters_additions_at_any_instant() -> None:
    found = tree(
        "- {key: a, kind: task}",
        """
- {at: 2026-05-04 10:07, do: new, contacts: [{id: cem, email: c@x.example, lifecycle_stage: Lead}]}
- {at: 2026-05-04 10:08, do: new, contacts: [{id: dot, email: d@x.example, lifecycle_stage: Customer}]}
- {at: 2026-05-04 10:09, do: add, sequence: Tree, contact: dot}
- {at: 2026-05-04 18:00, do: new, contacts: [{id: eva, email: e@x.example, lifecycle_stage: Customer}]}
- {at: 2026-05-04 18:01, do: add, sequence: Tree, contact: eva}
""",
    )
    assert of("cem", found)[0] == "05-04 10:15 entered"
    assert of("dot", found)[0] == "05-04 10:09 entered"
    assert of("eva", found)[0] == "05-05 09:00 entered"


def test_5_3_quarters_lost_in_a_standstill_are_not_made_up_due_moments_are() -> None:
    found = tree(
        "- {key: a, kind: email, template: t}\n- {key: w, kind: wait, for: {hours: 1}}\n- {key: b, kind: task}",
        """
- {at: 2026-05-04 09:50, do: new, contacts: [{id: cem, email: c@x.example, lifecycle_stage: Lead}]}
- {at: 2026-05-04 09:55, do: outage, until: 2026-05-04 10:07}
""",
    )
    assert of("ann", found)[-1] == "05-04 10:07 executed b"
    assert of("cem", found)[0] == "05-04 10:15 entered"


def test_5_4_everyone_does_one_step_before_anyone_does_a_second() -> None:
    """The account's field is changed by the first; the second was asked in the same pass."""
    people = """
accounts: [{id: pit, name: Pit, industry: Coal}]
contacts:
  - {id: ann, email: ann@x.example, lifecycle_stage: Lead, account: pit}
  - {id: ben, email: ben@x.example, lifecycle_stage: Lead, account: pit}
"""
    coal = "conditions: [{field: account.industry, op: is, value: coal}]"
    found = tree(
        f"- {{key: c, kind: condition, {coal}, "
        "yes: [{key: set, kind: update_field, field: account.industry, value: Wind}], no: []}",
        people=people,
    )
    assert "05-04 09:00 branched c yes" in of("ann", found)
    assert "05-04 09:00 branched c yes" in of("ben", found)


def test_5_4_of_two_updates_of_one_field_the_later_in_the_order_stands() -> None:
    people = """
accounts: [{id: pit, name: Pit}]
contacts:
  - {id: ann, email: ann@x.example, lifecycle_stage: Lead, account: pit, city: Bonn}
  - {id: ben, email: ben@x.example, lifecycle_stage: Lead, account: pit}
"""
    found = tree(
        """
- key: c
  kind: condition
  conditions: [{field: city, op: is, value: Bonn}]
  yes: [{key: x, kind: update_field, field: account.industry, value: First}]
  no: [{key: y, kind: update_field, field: account.industry, value: Second}]
- key: d
  kind: condition
  conditions: [{field: account.industry, op: is, value: second}]
  yes: []
  no: []
""",
        people=people,
    )
    assert [line for line in found if " d " in line] == [
        "05-04 09:00 ann branched d yes",
        "05-04 09:00 ben branched d yes",
    ]


def test_5_5_a_manual_step_waits_for_its_seller_and_what_follows_for_the_opening() -> None:
    found = tree(
        "- {key: a, kind: task}\n- {key: b, kind: task}",
        """
- {at: 2026-05-04 20:00, do: skip, contact: ann, step: a}
- {at: 2026-05-05 21:00, do: complete, contact: ann, step: b}
""",
    )
    assert of("ann", found)[2:] == [
        "05-04 20:00 skipped a manual",
        "05-05 09:00 executed b",
        "05-05 21:00 completed b",
        "05-05 21:00 exited completed",
    ]


def test_5_5_the_last_reminder_of_a_paused_stay_completes_it_in_the_hours_after_the_pause() -> None:
    found = tree(
        "- {key: a, kind: task}",
        """
- {at: 2026-05-04 10:00, do: pause, sequence: Tree, contact: ann}
- {at: 2026-05-04 11:00, do: complete, contact: ann, step: a}
- {at: 2026-05-04 19:00, do: resume, sequence: Tree, contact: ann}
""",
    )
    assert of("ann", found)[-1] == "05-05 09:00 exited completed"


def test_5_6_a_wait_counts_calendar_days_then_hours_and_moves_into_the_hours() -> None:
    found = tree("- {key: w, kind: wait, for: {days: 1, hours: 9}}\n- {key: b, kind: task}")
    assert of("ann", found)[-1] == "05-06 09:00 executed b"


def test_5_7_yes_as_soon_as_it_is_true_and_no_when_the_limit_has_elapsed() -> None:
    steps = """
- {key: a, kind: email, template: t}
- {key: q, kind: condition, of: a, event: clicked, within: {hours: 4}, yes: [{key: y, kind: task}], no: []}
"""
    found = tree(steps, "- {at: 2026-05-04 09:20, do: click, contact: ann, step: a}")
    assert "05-04 09:20 branched q yes" in of("ann", found)
    assert "05-04 13:00 branched q no" in of("ben", found)


def test_5_7_at_the_limit_yes_too_waits_for_it() -> None:
    steps = """
- {key: a, kind: email, template: t}
- {key: q, kind: condition, of: a, event: opened, within: {hours: 4}, at_limit: true, yes: [], no: []}
"""
    found = tree(steps, "- {at: 2026-05-04 09:20, do: open, contact: ann, step: a}")
    assert "05-04 13:00 branched q yes" in of("ann", found)


def test_5_7_opened_after_the_limit_but_before_the_opening_is_yes() -> None:
    steps = """
- {key: a, kind: email, template: t}
- {key: q, kind: condition, of: a, event: opened, within: {hours: 10}, yes: [], no: []}
"""
    found = tree(steps, "- {at: 2026-05-04 20:00, do: open, contact: ann, step: a}")
    assert "05-05 09:00 branched q yes" in of("ann", found)
    assert "05-05 09:00 branched q no" in of("ben", found)


def test_5_7_a_step_that_was_skipped_is_answered_no_at_once() -> None:
    people = "contacts: [{id: ann, phone: '1', lifecycle_stage: Lead}]\n"
    steps = """
- {key: a, kind: email, template: t}
- {key: q, kind: condition, of: a, event: opened, within: {days: 3}, yes: [], no: [{key: n, kind: task}]}
"""
    assert of("ann", tree(steps, people=people))[1:] == [
        "05-04 09:00 skipped a no_email",
        "05-04 09:00 branched q no",
        "05-04 09:00 executed n",
    ]


def test_5_8_outcomes_and_fields_are_decided_at_once() -> None:
    found = tree(
        """
- {key: ring, kind: call}
- {key: q, kind: condition, of: ring, outcomes: [Connected], yes: [], no: []}
- {key: f, kind: condition, conditions: [{field: step.ring.outcome, op: is, value: busy}], yes: [], no: []}
""",
        "- {at: 2026-05-04 10:00, do: complete, contact: ann, step: ring, outcome: BUSY}",
    )
    assert of("ann", found)[-3:] == [
        "05-04 10:00 branched q no",
        "05-04 10:00 branched f yes",
        "05-04 10:00 exited completed",
    ]


def test_5_9_an_update_of_a_missing_record_is_skipped() -> None:
    found = tree(
        "- {key: u, kind: update_field, field: account.industry, value: Wind}\n- {key: t, kind: task}"
    )
    assert of("ann", found)[1:] == ["05-04 09:00 skipped u no_record", "05-04 09:00 executed t"]


OTHER = """
sequences:
  - name: Other
    kind: {kind}
    schedule: {schedule}
    reentry: 1
    steps: [{{key: o, kind: task{day}}}]
  - name: Tree
    kind: adaptive
    schedule: {{hours: "09:00-17:00"}}
    audience: {{conditions: [{{field: lifecycle_stage, op: is, value: Lead}}]}}
    steps:
"""


def test_5_10_advance_ends_the_stay_and_the_other_sequence_decides_at_once() -> None:
    head = OTHER.format(kind="adaptive", schedule='{hours: "09:00-17:00"}', day="")
    found = tree(
        "- {key: a, kind: email, template: t}\n- {key: on, kind: advance, sequence: Other}", head=head
    )
    assert of("ann", found)[2:] == [
        "05-04 09:00 executed on @ Tree",
        "05-04 09:00 exited advanced @ Tree",
        "05-04 09:00 entered @ Other",
        "05-04 09:00 executed o @ Other",
    ]


def test_5_10_a_classic_sequence_decides_at_its_next_run() -> None:
    head = OTHER.format(kind="classic", schedule='{time: "11:00"}', day=", day: 1")
    found = tree(
        "- {key: a, kind: email, template: t}\n- {key: on, kind: advance, sequence: Other}", head=head
    )
    assert "05-04 11:00 entered @ Other" in of("ann", found)


def test_5_11_held_people_are_tried_at_every_full_quarter_and_written_once() -> None:
    found = tree(
        "- {key: a, kind: email, template: t}",
        """
- {at: 2026-05-04 08:30, do: mailbox, state: down}
- {at: 2026-05-04 10:07, do: mailbox, state: up}
""",
    )
    assert of("ann", found) == [
        "05-04 09:00 entered",
        "05-04 09:00 held mailbox",
        "05-04 10:15 executed a",
        "05-04 10:15 exited completed",
    ]


def test_5_11_exit_conditions_are_asked_just_before_an_automatic_message() -> None:
    head = TREE.replace(
        "    steps:",
        "    exit: {conditions: [{field: lifecycle_stage, op: is, value: Customer}]}\n    steps:",
    )
    found = tree(
        "- {key: a, kind: update_field, field: lifecycle_stage, value: Customer}\n- {key: b, kind: email, template: t}",
        head=head,
    )
    assert of("ann", found)[1:] == ["05-04 09:00 executed a", "05-04 09:00 exited condition"]


def test_5_12_two_emails_at_once_both_leave() -> None:
    found = tree("- {key: a, kind: email, template: t}\n- {key: b, kind: email, template: t}")
    assert of("ann", found)[1:3] == ["05-04 09:00 executed a", "05-04 09:00 executed b"]


def test_5_13_overlapping_pauses_move_the_open_moment_once() -> None:
    found = tree(
        "- {key: w, kind: wait, for: {hours: 1}}\n- {key: b, kind: task}",
        """
- {at: 2026-05-04 09:10, do: pause, sequence: Tree, contact: ann}
- {at: 2026-05-04 09:20, do: pause, sequence: Tree}
- {at: 2026-05-04 09:30, do: resume, sequence: Tree, contact: ann}
- {at: 2026-05-04 09:40, do: resume, sequence: Tree}
""",
    )
    assert of("ann", found)[-1] == "05-04 10:30 executed b"
    assert of("ben", found)[-1] == "05-04 10:20 executed b"


PUBLISHED = """
- at: 2026-05-04 12:00
  do: publish
  sequence: Tree
  apply: {apply}
  steps:
    - {{key: w, kind: wait, for: {{days: 9}}}}
    - {{key: a, kind: email, template: t}}
    - {{key: new, kind: task}}
"""


def test_5_14_who_is_inside_is_pinned_unless_the_publisher_moves_them() -> None:
    steps = "- {key: a, kind: email, template: t}\n- {key: w, kind: wait, for: {days: 1}}\n- {key: old, kind: task}"
    pinned = tree(steps, PUBLISHED.format(apply="pin"))
    moved = tree(steps, PUBLISHED.format(apply="move"))
    assert of("ann", pinned)[-1] == "05-05 09:00 executed old"
    assert of("ann", moved)[-1] == "05-05 09:00 executed new"


def test_2_24_away_until_the_first_opening_on_the_date() -> None:
    found = tree(
        "- {key: w, kind: wait, for: {hours: 1}}\n- {key: b, kind: task}",
        "- {at: 2026-05-04 09:30, do: auto_reply, contact: ann, until: 2026-05-06}",
        head=TREE.replace("09:00-17:00", "08:50-17:00"),
    )
    assert "05-06 08:50 resumed" in of("ann", found)


def test_2_8_a_change_of_the_hours_holds_at_once() -> None:
    found = tree(
        "- {key: a, kind: task}\n- {key: b, kind: task}",
        """
- {at: 2026-05-04 18:00, do: complete, contact: ann, step: a}
- {at: 2026-05-04 18:30, do: publish, sequence: Tree, schedule: {hours: "07:00-08:00"}}
""",
    )
    assert of("ann", found)[-1] == "05-05 07:00 executed b"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("contact.city", "Rome"),
        ("contact.score", "70"),
        ("contact.tags", "[vip, fair]"),
        ("contact.vip", "true"),
        ("contact.owner", "mia@us.example"),
        ("account.industry", "Wind"),
        ("account.employees", "5"),
        ("opportunity.amount", "12"),
        ("opportunity.close_on", "2026-05-09"),
        ("stage", "Won"),
    ],
)
def test_5_9_an_update_writes_a_field_of_the_contact_the_account_or_the_opportunity(
    field: str, value: str
) -> None:
    op = "has_all" if value.startswith("[") else "is"
    op = {"5": "=", "70": "=", "12": "=", "2026-05-09": "on"}.get(value, op)
    people = """
users: [{email: boss@us.example, name: B}, {email: mia@us.example, name: M}]
accounts: [{id: acme, name: Acme}]
contacts: [{id: ann, email: ann@x.example, account: acme, vip: false}]
opportunities: [{id: deal, stage: Offer, contact: ann}, {id: spare, stage: Talk, contact: ann}]
"""
    head = TREE.replace("kind: adaptive", "kind: adaptive\n    record: opportunity")
    head = head.replace("lifecycle_stage, op: is, value: Lead", "stage, op: is, value: Offer")
    asked = f"conditions: [{{field: {field}, op: '{op}', value: {value}}}], yes: [], no: []"
    found = tree(
        f"""
- {{key: before, kind: condition, {asked}}}
- {{key: u, kind: update_field, field: {field}, value: {value}}}
- {{key: after, kind: condition, {asked}}}
- {{key: t, kind: task}}
""",
        people=people,
        head=head,
    )
    assert of("ann", found)[1:4] == [
        "05-04 09:00 branched before no",
        "05-04 09:00 executed u",
        "05-04 09:00 branched after yes",
    ]


def advanced(other: str, timeline: str, people: str = PEOPLE) -> list[str]:
    """What ann did in Other, who advances to it from Tree at ten."""
    head = OTHER.format(kind="adaptive", schedule='{hours: "09:00-17:00"}', day="").replace(
        "    reentry: 1\n", other
    )
    steps = "- {key: a, kind: task}\n- {key: on, kind: advance, sequence: Other}"
    going_on = "- {at: 2026-05-05 10:00, do: complete, contact: ann, step: a, sequence: Tree}"
    happened = "\n".join(sorted([*timeline.strip().splitlines(), going_on]))
    found = of("ann", tree(steps, happened, people, head))
    assert "05-05 10:00 exited advanced @ Tree" in found
    return [line.partition(" @ Other")[0] for line in found if "@ Other" in line]


def test_5_10_who_was_ever_in_the_other_sequence_is_taken_on_only_where_it_admits_them_again() -> None:
    was_in = """
- {at: 2026-05-04 09:01, do: add, contact: ann, sequence: Other}
- {at: 2026-05-04 09:02, do: complete, contact: ann, step: o, sequence: Other}
"""
    before = ["05-04 09:01 entered", "05-04 09:01 executed o", "05-04 09:02 completed o"]
    before.append("05-04 09:02 exited completed")
    assert advanced("", was_in) == before
    assert advanced("    reentry: 2\n", was_in) == before
    assert advanced("    reentry: 1\n", was_in)[4:] == ["05-05 10:00 entered", "05-05 10:00 executed o"]


def test_5_10_the_other_sequence_refuses_as_at_an_addition_and_must_be_active_or_paused() -> None:
    assert advanced("    exit: {conditions: [{field: lifecycle_stage, op: is, value: Lead}]}\n", "") == []
    assert advanced("    status: draft\n", "- {at: 2026-05-06 10:00, do: activate, sequence: Other}") == []
    assert advanced("", "- {at: 2026-05-04 10:00, do: archive, sequence: Other}") == []
    paused = "    status: paused\n"
    later = "- {at: 2026-05-06 11:00, do: resume, sequence: Other}"
    head = OTHER.format(kind="adaptive", schedule='{hours: "09:00-17:00"}', day="")
    found = tree(
        "- {key: a, kind: email, template: t}\n- {key: on, kind: advance, sequence: Other}",
        later,
        head=head.replace("    reentry: 1\n", paused),
    )
    assert "05-06 11:00 entered @ Other" in of("ann", found)


@pytest.mark.parametrize(
    ("happens", "line"),
    [
        ("do: reply, contact: ann", "05-04 10:00 exited replied"),
        ("do: unsubscribe, contact: ann", "05-04 10:00 exited unsubscribed"),
        ("do: bounce, contact: ann", "05-04 10:00 exited bounced"),
        ("do: set, contact: ann, field: lifecycle_stage, value: Lost", "05-04 10:00 exited condition"),
    ],
)
def test_5_13_what_ends_a_stay_ends_it_during_a_pause_too(happens: str, line: str) -> None:
    exits = "exit: {replied: true, conditions: [{field: lifecycle_stage, op: is, value: Lost}]}"
    found = tree(
        "- {key: a, kind: email, template: t}\n- {key: w, kind: wait, for: {days: 1}}\n- {key: b, kind: task}",
        f"""
- {{at: 2026-05-04 09:30, do: pause, sequence: Tree, contact: ann}}
- {{at: 2026-05-04 10:00, {happens}}}
""",
        head=TREE.replace("    steps:", f"    {exits}\n    steps:"),
    )
    assert of("ann", found)[-1] == line


def test_5_13_facts_are_recorded_during_a_pause_and_count_after_it() -> None:
    found = tree(
        """
- {key: a, kind: email, template: t}
- {key: seen, kind: condition, of: a, event: opened, within: {hours: 2}, yes: [{key: y, kind: task}], no: []}
""",
        """
- {at: 2026-05-04 09:30, do: pause, sequence: Tree}
- {at: 2026-05-04 10:00, do: open, contact: ann}
- {at: 2026-05-04 12:30, do: resume, sequence: Tree}
""",
    )
    assert of("ann", found)[2:] == ["05-04 12:30 branched seen yes", "05-04 12:30 executed y"]
    assert of("ben", found)[2] == "05-04 14:00 branched seen no"


def test_5_14_moved_are_those_whose_step_is_there_with_its_kind_and_what_they_had_is_passed_over() -> None:
    steps = "- {key: a, kind: task}\n- {key: b, kind: task}\n- {key: c, kind: task}"
    published = """
- {at: 2026-05-04 10:00, do: complete, contact: ann, step: a, sequence: Tree}
- at: 2026-05-04 12:00
  do: publish
  sequence: Tree
  apply: move
  steps:
    - {key: b, kind: task}
    - {key: a, kind: call}
    - {key: new, kind: task}
- {at: 2026-05-04 13:00, do: complete, contact: ann, step: b, sequence: Tree}
- {at: 2026-05-04 13:00, do: complete, contact: ben, step: a, sequence: Tree}
"""
    found = tree(steps, published)
    assert of("ann", found)[-2:] == ["05-04 13:00 completed b", "05-04 13:00 executed new"]
    assert of("ben", found)[-1] == "05-04 13:00 executed b"  # a call now: ben stayed on the old plan


def test_5_13_of_a_paused_tree_only_the_exit_conditions_are_asked_at_quarters() -> None:
    exits = "exit: {conditions: [{field: lifecycle_stage, op: is, value: Lost}]}"
    found = tree(
        "- {key: a, kind: task}\n- {key: b, kind: task}",
        """
- {at: 2026-05-04 09:20, do: pause, sequence: Tree}
- {at: 2026-05-04 09:21, do: complete, contact: ben, step: a}
- {at: 2026-05-04 09:22, do: set, contact: ann, field: lifecycle_stage, value: Lost}
- {at: 2026-05-04 09:23, do: new, contacts: [{id: cyd, email: cyd@x.example, lifecycle_stage: Lead}]}
- {at: 2026-05-04 10:02, do: resume, sequence: Tree}
""",
        head=TREE.replace("    steps:", f"    {exits}\n    steps:"),
    )
    assert of("ann", found)[-1] == "05-04 09:30 exited condition"
    assert of("ben", found)[-2:] == ["05-04 09:21 completed a", "05-04 10:02 executed b"]
    assert of("cyd", found)[0] == "05-04 10:15 entered"


CLOSED = """
sequences:
  - name: Tree
    kind: adaptive
    schedule: {hours: "09:00-17:00"}
    steps: [{key: a, kind: task}]
timeline: []
"""
LEADS = [{"field": "lifecycle_stage", "op": "is", "value": "Lead"}]


def test_5_3_a_tree_without_a_way_in_asks_at_quarters_once_it_has_one(tenant: Tenant) -> None:
    on = stage(tenant, PEOPLE + CLOSED)
    on.work("05-04 10:00")
    assert on.next_run is None
    change_settings(sequence=on.sequence, by=on.life.by, now=at("05-04 10:05"), entry_conditions=LEADS)
    on.work("05-04 10:30")
    assert on.stay("ann").entered_at == at("05-04 10:15")


def test_5_13_exit_conditions_that_a_paused_tree_is_given_are_asked_at_its_next_quarter(
    tenant: Tenant,
) -> None:
    on = stage(tenant, PEOPLE + CLOSED)
    on.happens("05-04 09:00", do="add", sequence="Tree", contact="ann")
    on.work("05-04 09:30")
    on.happens("05-04 10:00", do="pause", sequence="Tree")
    on.work("05-04 11:00")
    change_settings(sequence=on.sequence, by=on.life.by, now=at("05-04 11:05"), exit_conditions=LEADS)
    assert next(iter(rows_of([on.sequence]))).next_run_at is None
    on.work("05-04 11:30")
    assert on.stay("ann").exited_at == at("05-04 11:15")
