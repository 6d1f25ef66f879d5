"""Why: the explanation of one contact and one sequence says what the engine then does."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from django.db.models import F

from audience.models import Contact
from audience.records import set_field
from sequences.commands import people
from sequences.commands.status import pause
from sequences.explain import Explanation, explain
from sequences.explain.stay import NEXT, StepTold
from sequences.models import Enrollment, Sequence, StepRun
from sequences.reading.material import Material
from sequences.reading.people import rows_of
from steps.models import Plan, Step
from tenants.models import Member, Tenant
from tests.apps.sequences.lives import Stage, at, stage

pytestmark = pytest.mark.django_db

HEAD = """
users: [{email: mia@us.example, name: Mia, role: rep}]
accounts: [{id: acme, name: Acme, industry: Software}, {id: bolt, name: Bolt}]
contacts:
  - {id: ann, email: ann@acme.example, first_name: Ann, city: Bonn, account: acme, tags: [warm], score: 7}
  - {id: bob, email: bob@acme.example, city: Ulm}
  - {id: cem, city: Bonn}
"""
CLASSIC = (
    HEAD
    + """
sequences:
  - name: Outbound
    kind: classic
    schedule: {time: "09:00", timezone: Europe/Berlin}
    audience: {conditions: [{field: city, op: is, value: Bonn}]}
    exit: {conditions: [{field: score, op: ">", value: 50}]}
    steps:
      - {key: intro, day: 1, kind: email, template: t}
      - key: bump
        day: 3
        kind: email
        template: named
        conditions:
          - {field: step.intro.opened, op: is, value: false}
          - {field: tags, op: has_any, value: [warm, hot]}
          - {field: account.industry, op: is, value: Software}
      - {key: ring, day: 5, kind: call, title: Call}
"""
)


def why(there: Stage, name: str, moment: str, sequence: Sequence | None = None) -> Explanation:
    sequence = sequence or there.sequence
    contact = Contact.objects.get(pk=there.contact(name))
    member = Member.objects.get(user__email="mia@us.example")
    return explain(Material(sequence, member, sequence.plan), contact, now=at(moment))


def told(found: Explanation, key: str) -> StepTold:
    assert found.told is not None
    return next(one for one in found.told.steps if one.step.key == key)


def codes(found: Explanation) -> list[str]:
    assert found.outside is not None
    return [reason.code for reason in found.outside.reasons]


def test_each_step_is_told_with_its_date(tenant: Tenant) -> None:
    there = stage(tenant, CLASSIC)
    there.work("05-04 09:30")
    found = why(there, "ann", "05-04 10:00")
    assert found.is_inside
    assert [(told(found, key).state, told(found, key).at) for key in ("intro", "bump", "ring")] == [
        ("executed", at("05-04 09:00")),
        ("next", at("05-06 09:00")),
        ("later", at("05-08 09:00")),
    ]


def test_each_condition_is_shown_with_the_value_it_met(tenant: Tenant) -> None:
    there = stage(tenant, CLASSIC)
    there.work("05-04 09:30")
    found = told(why(there, "ann", "05-04 10:00"), "bump").asked
    assert found is not None and found.holds
    assert [(answer.words, answer.holds, answer.met.value) for answer in found.answers] == [
        ("step 1 “t” was sent but not opened", True, "not opened"),
        ("tags include warm or hot", True, ["warm"]),
        ("the company’s industry is Software", True, "Software"),
    ]
    there.happens("05-04 11:00", do="open", contact="ann", step="intro")
    changed = told(why(there, "ann", "05-04 12:00"), "bump")
    assert changed.asked is not None and not changed.asked.holds
    assert changed.asked.answers[0].met.value == at("05-04 11:00")
    assert changed.verdict is not None and changed.verdict.skip == "condition"


def test_the_verdict_is_what_the_next_run_does(tenant: Tenant) -> None:
    there = stage(tenant, CLASSIC)
    there.work("05-05 09:30")
    said = told(why(there, "ann", "05-05 10:00"), "bump").verdict
    assert said is not None and said.runs and said.address == "ann@acme.example"
    assert said.who is not None and said.who.email == "mia@us.example"
    there.work("05-06 09:30")
    assert there.step_run("ann", "bump").state == StepRun.EXECUTED


def test_a_hold_is_foretold_with_its_reason(tenant: Tenant) -> None:
    there = stage(tenant, CLASSIC)
    there.work("05-05 09:30")
    set_field(Contact.objects.get(pk=there.contact("ann")), "first_name", "", at=at("05-05 10:00"))
    said = told(why(there, "ann", "05-05 10:00"), "bump").verdict
    assert said is not None and said.hold == "placeholder" and not said.runs
    there.work("05-06 09:30")
    assert there.stay("ann").held_reason == "placeholder"


def test_explaining_changes_nothing(tenant: Tenant) -> None:
    there = stage(tenant, CLASSIC)
    there.work("05-05 09:30")
    before = list(StepRun.objects.values())
    why(there, "ann", "05-05 10:00")
    why(there, "bob", "05-05 10:00")
    assert list(StepRun.objects.values()) == before and len(there.runs) == 2
    there.work("05-06 09:30")
    assert there.step_run("ann", "bump").state == StepRun.EXECUTED


def test_exit_conditions_are_answered(tenant: Tenant) -> None:
    there = stage(tenant, CLASSIC)
    there.work("05-04 09:30")
    found = why(there, "ann", "05-04 10:00")
    assert found.told is not None and found.told.exit is not None
    assert [(a.words, a.holds, a.met.value) for a in found.told.exit.answers] == [
        ("score is more than 50", False, 7)
    ]


def test_who_is_paused_by_hand_has_no_next_date(tenant: Tenant) -> None:
    there = stage(tenant, CLASSIC)
    there.work("05-04 09:30")
    there.happens("05-04 10:00", do="pause", sequence="Outbound", contact="ann")
    found = why(there, "ann", "05-04 11:00")
    assert found.is_inside and found.told is not None and not found.told.next
    assert [one.at for one in found.told.later] == [None, None]


def test_who_is_away_goes_on_from_their_return(tenant: Tenant) -> None:
    there = stage(tenant, CLASSIC)
    there.work("05-04 09:30")
    there.happens("05-04 10:00", do="auto_reply", contact="ann", until=date(2026, 5, 11))
    assert told(why(there, "ann", "05-04 11:00"), "bump").at == at("05-12 09:00")


def test_nothing_is_to_come_while_the_sequence_is_paused(tenant: Tenant) -> None:
    there = stage(tenant, CLASSIC)
    there.work("05-04 09:30")
    pause(sequence=there.sequence, by=there.sequence.owner, now=at("05-04 10:00"))
    found = why(there, "ann", "05-04 11:00")
    assert found.next_run is None and told(found, "bump").at is None and found.told and not found.told.next


def test_who_does_not_match_is_told_which_condition(tenant: Tenant) -> None:
    there = stage(tenant, CLASSIC)
    found = why(there, "bob", "05-04 08:30")
    assert codes(found) == ["no_match"] and found.outside is not None
    (answer,) = found.outside.ways["Conditions"].answers
    assert (answer.words, answer.holds, answer.met.value) == ("city is Bonn", False, "Ulm")


def test_who_left_before_is_told_that(tenant: Tenant) -> None:
    there = stage(tenant, CLASSIC)
    there.work("05-04 09:30")
    there.happens("05-04 10:00", do="reply", contact="ann", step="intro")
    found = why(there, "ann", "05-04 11:00")
    assert not found.is_inside and codes(found) == ["before"]
    assert told(found, "intro").state == "executed" and told(found, "bump").state == "never"


def test_who_may_come_back_is_told_from_when(tenant: Tenant) -> None:
    there = stage(tenant, CLASSIC.replace("    steps:", "    reentry: 30\n    steps:"))
    there.work("05-04 09:30")
    there.happens("05-04 10:00", do="reply", contact="ann", step="intro")
    found = why(there, "ann", "05-04 11:00")
    assert found.outside is not None and found.outside.reasons[0].until == date(2026, 6, 3)
    assert not codes(why(there, "ann", "06-03 08:00"))


def test_an_addition_waits_for_its_run(tenant: Tenant) -> None:
    there = stage(tenant, CLASSIC)
    by = there.sequence.owner
    people.add(sequence=there.sequence, contacts=[there.contact("bob")], by=by, now=at("05-04 08:10"))
    found = why(there, "bob", "05-04 08:30")
    assert found.addition is not None and found.next_run is not None
    assert found.next_run.at == at("05-04 09:00")


EXCLUSIVE = (
    HEAD
    + """
sequences:
  - name: First
    kind: classic
    schedule: {time: "09:00", timezone: Europe/Berlin}
    audience: {conditions: [{field: city, op: is, value: Bonn}], exclusive: true}
    steps: [{key: ring, day: 1, kind: call, title: Call}, {key: again, day: 9, kind: call, title: Call}]
  - name: Second
    kind: classic
    schedule: {time: "10:00", timezone: Europe/Berlin}
    audience: {conditions: [{field: sequence, op: in, value: First}]}
    steps: [{key: mail, day: 1, kind: email, template: t}]
"""
)


def test_who_is_held_elsewhere_is_told_where(tenant: Tenant) -> None:
    there = stage(tenant, EXCLUSIVE)
    there.work("05-04 10:30")
    found = why(there, "ann", "05-04 11:00", Sequence.objects.get(name="Second"))
    assert codes(found) == ["elsewhere"] and found.outside is not None
    assert [row.name for row in found.outside.reasons[0].rows] == ["First"]
    (answer,) = found.outside.ways["Conditions"].answers
    assert answer.holds and answer.met.value == "inside now"


def test_who_has_no_address_is_told_that(tenant: Tenant) -> None:
    there = stage(tenant, EXCLUSIVE.replace("exclusive: true", "exclusive: false"))
    there.work("05-04 10:30")
    assert codes(why(there, "cem", "05-04 11:00", Sequence.objects.get(name="Second"))) == ["unreachable"]


def test_who_has_no_company_is_told_that(tenant: Tenant) -> None:
    body = CLASSIC.replace("kind: classic\n", "kind: classic\n    record: account\n", 1)
    body = body.replace("{field: city, op: is, value: Bonn}", "{field: industry, op: is, value: Software}")
    body = body.replace("{field: score,", "{field: contact.score,").replace(
        "field: tags", "field: contact.tags"
    )
    there = stage(tenant, body)
    assert codes(why(there, "bob", "05-04 08:30")) == ["no_company"]
    assert codes(why(there, "ann", "05-04 08:30")) == []
    there.work("05-04 09:30")
    asked = told(why(there, "ann", "05-04 10:00"), "bump").asked
    assert asked is not None and asked.answers[2].met.value == "Software"


SMART = (
    HEAD
    + """
sequences:
  - name: Nurture
    kind: smart
    schedule: {time: "09:00", timezone: Europe/Berlin, every_days: 2}
    audience: {conditions: [{field: city, op: is, value: Bonn}]}
    steps:
      - {key: rich, kind: email, template: t, conditions: [{field: score, op: ">", value: 10}]}
      - {key: warm, kind: email, template: t, conditions: [{field: tags, op: has_any, value: [warm]}]}
      - {key: rest, kind: email, template: t}
"""
)


def test_of_a_smart_sequence_the_first_that_matches_is_next(tenant: Tenant) -> None:
    there = stage(tenant, SMART)
    there.work("05-04 09:30")
    assert there.step_run("ann", "warm").state == StepRun.EXECUTED
    found = why(there, "ann", "05-04 10:00")
    assert [(one.step.key, one.state) for one in found.told.steps] == [  # type: ignore[union-attr]
        ("rich", "later"),
        ("warm", "executed"),
        ("rest", NEXT),
    ]
    assert told(found, "rest").at == at("05-06 09:00")
    asked = told(found, "rich").asked
    assert asked is not None and not asked.holds and asked.answers[0].met.value == 7
    there.work("05-06 09:30")
    assert there.step_run("ann", "rest").state == StepRun.EXECUTED


def test_a_date_is_asked_of_the_day_of_the_run(tenant: Tenant) -> None:
    body = CLASSIC.replace(
        "{field: account.industry, op: is, value: Software}",
        "{field: created_at, op: in_last_days, value: 1}",
    )
    there = stage(tenant, body)
    there.work("05-04 09:30")
    asked = told(why(there, "ann", "05-04 10:00"), "bump").asked
    assert asked is not None and not asked.answers[2].holds, "two days later it is two days ago"


def test_a_foretold_limit_is_that_of_the_day_of_the_run(tenant: Tenant) -> None:
    there = stage(tenant, "limits: {emails_per_user_per_day: 1}\n" + CLASSIC.replace("day: 3", "day: 2"))
    there.work("05-04 09:30")
    said = told(why(there, "ann", "05-04 10:00"), "bump").verdict
    assert said is not None and said.runs, "today's limit is spent, tomorrow's is not"


TREE = """
contacts:
  - {id: ann, email: ann@x.example, first_name: Ann, lifecycle_stage: Lead}
  - {id: ben, email: ben@x.example, first_name: Ben, lifecycle_stage: Lead}
users: [{email: mia@us.example, name: Mia, role: rep}]
sequences:
  - name: Tree
    kind: adaptive
    schedule: {hours: "09:00-17:00"}
    audience: {conditions: [{field: lifecycle_stage, op: is, value: Lead}]}
    steps:
      - {key: a, kind: email, template: t}
      - key: seen
        kind: condition
        of: a
        event: opened
        within: {days: 1}
        yes: [{key: ring, kind: call, title: Call}]
        no: [{key: rest, kind: wait, for: {days: 2}}, {key: b, kind: email, template: named}]
"""


def test_in_a_tree_the_step_before_which_one_stands_is_next(tenant: Tenant) -> None:
    there = stage(tenant, TREE)
    there.work("05-04 09:30")
    found = why(there, "ann", "05-04 10:00")
    assert [(one.step.key, one.state) for one in found.told.steps] == [  # type: ignore[union-attr]
        ("a", "executed"),
        ("seen", "next"),
        ("ring", "later"),
        ("rest", "later"),
        ("b", "later"),
    ]
    assert told(found, "seen").at == at("05-05 09:00")


def test_in_a_tree_it_is_told_that_somebody_has_to_act(tenant: Tenant) -> None:
    there = stage(tenant, TREE)
    there.work("05-04 09:30")
    there.happens("05-04 11:20", do="open", contact="ann", step="a")
    there.work("05-04 12:00")
    found = why(there, "ann", "05-04 12:30")
    assert found.told is not None and found.told.waits_for is not None
    assert found.told.waits_for.step.key == "ring" and not found.told.next


def test_in_a_tree_the_verdict_is_what_the_pass_does(tenant: Tenant) -> None:
    there = stage(tenant, TREE)
    there.work("05-05 09:30")
    assert told(why(there, "ben", "05-05 10:00"), "rest").at == at("05-07 09:00")
    set_field(Contact.objects.get(pk=there.contact("ben")), "first_name", "", at=at("05-05 10:00"))
    there.work("05-07 09:00")
    said = told(why(there, "ben", "05-07 09:01"), "b").verdict
    assert there.stay("ben").held_reason == "placeholder" and said is not None and said.hold == "placeholder"


def test_who_matches_the_exit_is_told_that_they_leave(tenant: Tenant) -> None:
    there = stage(tenant, CLASSIC)
    there.work("05-04 09:30")
    set_field(Contact.objects.get(pk=there.contact("ann")), "score", 80, at=at("05-04 10:00"))
    found = why(there, "ann", "05-04 10:00").told
    assert found is not None and found.leaves is not None
    assert (found.leaves.reason, found.leaves.at) == ("condition", at("05-05 09:00"))
    there.work("05-05 09:30")
    assert there.stay("ann").exit_reason == "condition"


def test_who_is_added_by_hand_need_not_match(tenant: Tenant) -> None:
    there = stage(tenant, CLASSIC)
    by = there.sequence.owner
    people.add(sequence=there.sequence, contacts=[there.contact("bob")], by=by, now=at("05-04 08:10"))
    assert codes(why(there, "bob", "05-04 08:30")) == [] and why(there, "bob", "05-04 08:30").comes_in
    set_field(Contact.objects.get(pk=there.contact("bob")), "score", 80, at=at("05-04 08:40"))
    found = why(there, "bob", "05-04 08:50")
    assert codes(found) == ["exit"] and not found.comes_in


def test_an_archived_one_lets_nobody_in(tenant: Tenant) -> None:
    there = stage(tenant, CLASSIC)
    there.work("05-04 09:30")
    there.happens("05-04 10:00", do="archive", sequence="Outbound", inside="finish")
    set_field(Contact.objects.get(pk=there.contact("bob")), "city", "Bonn", at=at("05-04 10:00"))
    found = why(there, "bob", "05-04 11:00")
    assert codes(found) == [] and found.next_run is not None and not found.comes_in


def test_of_two_with_one_address_the_second_is_told_of_the_first(tenant: Tenant) -> None:
    body = CLASSIC.replace("value: Bonn}]}", "value: Bonn}], unique_email: true}")
    body = body.replace("{id: cem, city: Bonn}", "{id: cem, email: ANN@acme.example, city: Bonn}")
    there = stage(tenant, body)
    assert why(there, "ann", "05-04 08:30").comes_in
    found = why(there, "cem", "05-04 08:30")
    assert codes(found) == ["twin"] and found.outside is not None
    assert found.outside.reasons[0].rows[0].pk == there.contact("ann")


CROWDED = """
limits: {emails_per_user_per_day: 2}
users: [{email: mia@us.example, name: Mia, role: rep}]
contacts:
  - {id: ann, email: ann@acme.example}
  - {id: bob, email: bob@acme.example}
  - {id: cem, email: cem@acme.example}
views: [{name: All}]
sequences:
  - name: Outbound
    kind: classic
    schedule: {time: "09:00", timezone: Europe/Berlin}
    audience: {views: [All]}
    steps: [{key: call, day: 1, kind: call, title: Call}, {key: mail, day: 2, kind: email, template: t}]
"""


def test_whom_the_limit_does_not_reach_is_told_so(tenant: Tenant) -> None:
    there = stage(tenant, CROWDED)
    there.work("05-04 09:30")
    said = [told(why(there, name, "05-04 10:00"), "mail").verdict for name in ("ann", "bob", "cem")]
    assert [one.hold for one in said if one] == ["", "", "limit"]
    there.work("05-05 09:30")
    assert there.stay("cem").held_reason == "limit" and there.stay("bob").held_reason == ""


def test_of_too_many_it_is_said_that_the_limit_may_be_reached(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sequences.explain.verdicts.MOST", 1)
    there = stage(tenant, CROWDED)
    there.work("05-04 09:30")
    said = told(why(there, "cem", "05-04 10:00"), "mail").verdict
    assert said is not None and said.runs and said.crowd == 2


def test_a_run_that_is_late_is_the_next(tenant: Tenant) -> None:
    there = stage(tenant, CLASSIC)
    assert why(there, "ann", "05-04 09:01").next_run.at == at("05-04 09:00")  # type: ignore[union-attr]
    assert why(there, "ann", "05-04 15:01").next_run.at == at("05-05 09:00")  # type: ignore[union-attr]


def test_exit_conditions_of_who_is_pinned_know_the_new_steps(tenant: Tenant) -> None:
    body = TREE.replace(
        "    steps:", "    exit: {conditions: [{field: step.a.bounced, op: is, value: true}]}\n    steps:"
    )
    there = stage(tenant, body)
    there.work("05-04 09:30")
    pinned = Enrollment.objects.get(contact=there.contact("ann"))
    old = there.sequence.plan
    new = Plan.objects.create(number=2, made_at=at("05-04 10:00"))
    Step.objects.create(
        plan=new, key="hi", kind="email", position=0, template=old.steps.get(key="a").template
    )
    conditions = [{"field": "step.hi.bounced", "op": "is", "value": True}]
    Sequence.objects.update(plan=new, exit_conditions=conditions)
    Enrollment.objects.filter(pk=pinned.pk).update(plan=old)
    found = why(there, "ann", "05-04 11:00").told
    assert found is not None and found.exit is not None and not found.exit.holds


def test_of_who_is_outside_steps_are_called_as_on_screens(tenant: Tenant) -> None:
    there = stage(
        tenant,
        CLASSIC.replace(
            '{field: score, op: ">", value: 50}', "{field: step.intro.bounced, op: is, value: true}"
        ),
    )
    found = why(there, "bob", "05-04 08:30").outside
    assert found is not None and found.exit is not None
    assert found.exit.answers[0].words == "step 1 “t” bounced"


def test_in_a_tree_steps_of_the_other_arm_are_not_to_come(tenant: Tenant) -> None:
    there = stage(tenant, TREE)
    there.work("05-04 09:30")
    there.happens("05-04 11:20", do="open", contact="ann", step="a")
    there.work("05-04 12:00")
    found = why(there, "ann", "05-04 12:30")
    assert [told(found, key).state for key in ("ring", "rest", "b")] == ["executed", "aside", "aside"]
    reminder = told(found, "ring").reminder
    assert reminder is not None and reminder.assignee is not None and reminder.assignee.name == "Mia"


def test_a_step_that_came_in_behind_somebody_is_not_in_another_arm(tenant: Tenant) -> None:
    there = stage(tenant, TREE)
    there.work("05-04 09:30")
    plan = there.sequence.plan
    plan.steps.update(position=F("position") + 1)
    Step.objects.create(plan=plan, key="early", kind="wait", position=0, settings={"for": {"days": 2}})
    there.happens("05-04 11:20", do="open", contact="ann", step="a")
    there.work("05-04 12:00")
    found = why(there, "ann", "05-04 12:30")
    assert [told(found, key).state for key in ("early", "rest", "b")] == ["behind", "aside", "aside"]
    assert told(why(there, "ben", "05-04 12:30"), "early").state == "behind"


def test_5_13_while_a_stay_in_a_tree_stands_still_the_list_names_no_moment(tenant: Tenant) -> None:
    there = stage(tenant, TREE)
    there.work("05-04 09:30")

    def next_at() -> datetime | None:
        stay, steps = there.stay("ann"), list(there.sequence.plan.steps.order_by("position"))
        (row,) = rows_of([stay], steps, last_ordinal=1, coming=(), now=at("05-04 12:00"))
        return row.next_at

    assert next_at() == at("05-05 09:00")
    there.happens("05-04 11:00", do="auto_reply", contact="ann", until=date(2026, 5, 8))
    assert next_at() is None
    assert told(why(there, "ann", "05-04 12:00"), "seen").at == at("05-09 09:00")
    there.work("05-09 09:30")
    assert there.step_run("ann", "seen").at == at("05-09 09:00")
