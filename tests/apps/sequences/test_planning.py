"""Changing steps and publishing: sequences.commands.planning and .publishing."""

import pytest
from django.core.exceptions import PermissionDenied

from sequences.changes import Reach, changes_between, reach
from sequences.commands.editing import create_sequence
from sequences.commands.planning import (
    add_step,
    change_step,
    copy_step,
    move_step,
    remove_step,
    working_plan,
)
from sequences.commands.publishing import discard_draft, publish
from sequences.models import Sequence, SequencePlan, Status
from sequences.refusals import Refused
from steps.models import Plan, Step
from tenants.models import Member, Tenant
from tests.factories import NOW, make_member


@pytest.fixture
def rep(tenant: Tenant) -> Member:
    return make_member("sales_rep")


@pytest.fixture
def sequence(rep: Member) -> Sequence:
    return create_sequence(name="Outbound", by=rep, now=NOW)


def add(sequence: Sequence, day: int = 1, kind: str = "call", **values: object) -> Step:
    return add_step(sequence=sequence, kind=kind, by=sequence.owner, now=NOW, day=day, **values)  # type: ignore[arg-type]


def activate(sequence: Sequence) -> None:
    Sequence.objects.filter(pk=sequence.pk).update(activated_at=NOW, status=Status.ACTIVE)
    sequence.refresh_from_db()


def shape(plan: Plan) -> list[tuple[str, int | None]]:
    return [(step.key, step.day) for step in plan.steps.all()]


def test_steps_stand_in_the_order_of_days_and_of_adding(sequence: Sequence) -> None:
    add(sequence, 5), add(sequence, 1), add(sequence, 5, "task")
    assert shape(sequence.plan) == [("call2", 1), ("call1", 5), ("task1", 5)]
    assert [step.position for step in sequence.plan.steps.all()] == [1, 2, 3]


def test_before_activation_the_plan_itself_is_edited(sequence: Sequence) -> None:
    add(sequence)
    assert sequence.draft is None and working_plan(sequence) == sequence.plan


def test_afterwards_edits_go_to_a_draft_with_the_same_keys(sequence: Sequence) -> None:
    add(sequence)
    activate(sequence)
    change_step(sequence=sequence, key="call1", by=sequence.owner, now=NOW, settings={"title": "New"})
    add(sequence, 3)
    assert shape(sequence.plan) == [("call1", 1)]
    assert sequence.plan.steps.get().settings == {}
    assert sequence.draft and shape(sequence.draft) == [("call1", 1), ("call2", 3)]


def test_a_key_of_an_older_plan_is_never_given_again(sequence: Sequence) -> None:
    add(sequence)
    add(sequence, 2)
    activate(sequence)
    remove_step(sequence=sequence, key="call2", by=sequence.owner, now=NOW)
    publish(sequence=sequence, by=sequence.owner, now=NOW)
    assert add(sequence, 2).key == "call3"


def test_a_published_draft_is_the_plan_and_the_old_one_stays_as_it_was(sequence: Sequence) -> None:
    add(sequence)
    activate(sequence)
    old = sequence.plan
    add(sequence, 4)
    new = publish(sequence=sequence, by=sequence.owner, now=NOW, note="One more call")
    row = Sequence.objects.get(pk=sequence.pk)
    assert (row.plan, row.draft) == (new, None)
    assert (new.number, new.note, new.published_at) == (2, "One more call", NOW)
    assert shape(old) == [("call1", 1)]
    assert SequencePlan.objects.filter(sequence=sequence).count() == 2


def test_an_empty_plan_is_not_published(sequence: Sequence) -> None:
    add(sequence)
    activate(sequence)
    with pytest.raises(Refused, match="nothing to publish"):
        publish(sequence=sequence, by=sequence.owner, now=NOW)
    remove_step(sequence=sequence, key="call1", by=sequence.owner, now=NOW)
    with pytest.raises(Refused, match="without steps"):
        publish(sequence=sequence, by=sequence.owner, now=NOW)


def test_a_discarded_draft_leaves_the_plan(sequence: Sequence) -> None:
    add(sequence)
    activate(sequence)
    add(sequence, 2)
    discard_draft(sequence=sequence, by=sequence.owner, now=NOW)
    row = Sequence.objects.get(pk=sequence.pk)
    assert row.draft is None and shape(row.plan) == [("call1", 1)]
    assert Plan.objects.count() == 1


@pytest.mark.parametrize("day", [0, 91])
def test_a_day_is_from_1_to_90(sequence: Sequence, day: int) -> None:
    with pytest.raises(Refused) as refused:
        add(sequence, day)
    assert refused.value.field == "day"


def test_the_twenty_sixth_step_is_refused(sequence: Sequence) -> None:
    for _ in range(25):
        add(sequence)
    with pytest.raises(Refused, match="at most 25"):
        add(sequence)


def test_the_ninth_condition_of_a_step_is_refused(sequence: Sequence) -> None:
    with pytest.raises(Refused) as refused:
        add(sequence, conditions=[{"field": "email", "op": "not_empty"}] * 9)
    assert refused.value.field == "conditions"


def test_a_step_moves_among_those_of_its_day_and_to_others(sequence: Sequence) -> None:
    add(sequence, 1), add(sequence, 1), add(sequence, 3)
    move_step(sequence=sequence, key="call2", by=sequence.owner, now=NOW, day=1, place=0)
    assert shape(sequence.plan) == [("call2", 1), ("call1", 1), ("call3", 3)]
    move_step(sequence=sequence, key="call2", by=sequence.owner, now=NOW, day=3, place=1)
    assert shape(sequence.plan) == [("call1", 1), ("call3", 3), ("call2", 3)]


def test_a_changed_day_puts_the_step_last_on_it(sequence: Sequence) -> None:
    add(sequence, 1), add(sequence, 3)
    change_step(sequence=sequence, key="call1", by=sequence.owner, now=NOW, day=3)
    assert shape(sequence.plan) == [("call2", 3), ("call1", 3)]


def test_a_new_step_can_push_the_later_days(sequence: Sequence) -> None:
    add(sequence, 1), add(sequence, 2), add(sequence, 6)
    add(sequence, 1, "task", push=2)
    assert shape(sequence.plan) == [("call1", 1), ("task1", 1), ("call2", 4), ("call3", 8)]
    with pytest.raises(Refused) as refused:
        add(sequence, 1, push=83)
    assert refused.value.field == "push"
    assert len(shape(sequence.plan)) == 4


def test_a_copy_comes_right_after_its_original(sequence: Sequence) -> None:
    add(sequence, 1, settings={"title": "Ring"}), add(sequence, 1, "task")
    made = copy_step(sequence=sequence, key="call1", by=sequence.owner, now=NOW)
    assert made.settings == {"title": "Ring"}
    assert [key for key, _ in shape(sequence.plan)] == ["call1", "call2", "task1"]


def test_a_step_that_somebody_removed_meanwhile_is_said(sequence: Sequence) -> None:
    with pytest.raises(Refused, match="no longer"):
        change_step(sequence=sequence, key="gone", by=sequence.owner, now=NOW)


def test_anothers_steps_are_not_changed(sequence: Sequence) -> None:
    stranger = make_member("sales_rep")
    for verb in (lambda: add_step(sequence=sequence, kind="call", by=stranger, now=NOW),):
        with pytest.raises(PermissionDenied):
            verb()
    with pytest.raises(PermissionDenied):
        publish(sequence=sequence, by=stranger, now=NOW)


def test_changes_are_named_by_step(sequence: Sequence) -> None:
    add(sequence, 1), add(sequence, 2), add(sequence, 3), add(sequence, 3)
    activate(sequence)
    remove_step(sequence=sequence, key="call1", by=sequence.owner, now=NOW)
    change_step(sequence=sequence, key="call2", by=sequence.owner, now=NOW, day=5)
    change_step(sequence=sequence, key="call3", by=sequence.owner, now=NOW, name="Third")
    add(sequence, 9)
    assert sequence.draft
    found = changes_between(sequence.plan.steps.all(), sequence.draft.steps.all())
    assert [(change.verb, change.key) for change in found] == [
        ("removed", "call1"),
        ("changed", "call3"),
        ("moved", "call2"),
        ("added", "call5"),
    ]


def test_another_order_on_one_day_is_a_move(sequence: Sequence) -> None:
    add(sequence, 1), add(sequence, 1)
    activate(sequence)
    move_step(sequence=sequence, key="call2", by=sequence.owner, now=NOW, day=1, place=0)
    assert sequence.draft
    found = changes_between(sequence.plan.steps.all(), sequence.draft.steps.all())
    assert {(change.verb, change.key) for change in found} == {("moved", "call2")}


def test_who_has_passed_the_day_of_every_change_is_past_it(sequence: Sequence) -> None:
    step = add(sequence, 6)
    found = changes_between([], [step])
    assert [reach(change, {0: 5, 5: 25, 6: 10, 8: 2}) for change in found] == [Reach(get=30, past=12)]
    assert reach(found[0], {0: 5, 5: 25, 6: 10, 8: 2}).inside == 42
