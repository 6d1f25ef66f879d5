"""The check before activation of an adaptive sequence: sequences.tree_checks (semantics 2.1, 5.1 to 5.12)."""

from __future__ import annotations

from typing import Any

from audience.conditions.parse import Condition, Group, Scope
from audience.conditions.types import FieldType
from audience.fields import Field
from sequences.checks import check
from sequences.files.specs import StepSpec, every_step
from sequences.findings import FAULT, WARNING, Facts, Finding, StepFacts


def step(key: str, kind: str, yes: Any = (), no: Any = (), **options: Any) -> StepSpec:
    return StepSpec(key, kind, options=options, yes=tuple(yes), no=tuple(no))


def found(*tree: StepSpec, **values: Any) -> list[Finding]:
    steps = list(every_step(tree))
    sound = {
        "kind": "adaptive",
        "run_time": None,
        "steps": tuple(StepFacts(one.key, one.kind, f"Step {one.key}", None) for one in steps),
        "scope": Scope(steps={one.key: one.kind for one in steps}, sequences=frozenset({"tree", "other"})),
        "entry": {"match": "all", "conditions": [{"field": "city", "op": "is", "value": "Bonn"}]},
        "exit": {"match": "any", "conditions": []},
        "matching": 3,
        "name": "Tree",
        "has_hours": True,
        "tree": tree,
    }
    return check(Facts(**(sound | values)))  # type: ignore[arg-type]


def only(findings: list[Finding], level: str = FAULT) -> Finding:
    assert len(findings) == 1 and findings[0].level == level, findings
    return findings[0]


def test_a_sound_tree_has_no_findings() -> None:
    rest = step("rest", "wait", **{"for": {"days": 1}})
    assert found(step("ring", "call"), rest, step("mail", "email")) == []


def test_without_working_hours_it_cannot_begin() -> None:
    fault = only(found(step("ring", "call"), has_hours=False))
    assert (fault.section, fault.field) == ("timing", "hours_start")


def test_5_6_nothing_after_a_wait_is_said_at_the_wait() -> None:
    rest = step("rest", "wait", **{"for": {"days": 1}})
    asked = step(
        "asked",
        "condition",
        yes=[step("ring", "call")],
        no=[rest],
        of="a",
        event="opened",
        within={"days": 1},
    )
    fault = only(found(step("a", "email"), asked))
    assert fault.step == "rest" and "something must follow a wait" in fault.message


def test_5_10_advance_is_not_first_and_the_last_of_its_arm() -> None:
    assert only(found(step("on", "advance", sequence="Other"))).step == "on"
    fault = only(found(step("ring", "call"), step("on", "advance", sequence="Other"), step("a", "task")))
    assert fault.step == "on" and "nothing can follow" in fault.message


def test_5_10_advance_names_a_sequence_that_is_there() -> None:
    fault = only(found(step("ring", "call"), step("on", "advance", sequence="Gone")))
    assert fault.step == "on" and "“Gone”" in fault.message
    assert found(step("ring", "call"), step("on", "advance", sequence="OTHER")) == []


def test_5_10_advance_to_the_sequence_itself_is_a_warning() -> None:
    warning = only(found(step("ring", "call"), step("on", "advance", sequence=" tREE")), WARNING)
    assert warning.step == "on" and "back into this sequence" in warning.message


def test_5_9_an_update_names_a_field_that_is_there() -> None:
    fault = only(found(step("set", "update_field", field="contact.gone")))
    assert fault.step == "set" and "gone" in fault.message
    assert found(step("set", "update_field", field="city", value="Bonn")) == []


def test_5_7_a_condition_asks_a_step_of_the_tree() -> None:
    asked = step("asked", "condition", of="gone", event="opened", within={"days": 1})
    assert "no step “gone”" in only(found(step("a", "email"), asked)).message


def test_5_8_an_outcome_that_the_call_does_not_offer_is_doubted() -> None:
    ring = step("ring", "call", outcomes=["Connected"])
    asked = step("asked", "condition", of="ring", outcomes=["connected", "busy"])
    assert "“busy”" in only(found(ring, asked), WARNING).message


def test_5_12_two_emails_with_nothing_between_them_are_doubted() -> None:
    assert only(found(step("a", "email"), step("b", "email")), WARNING).step == "b"


def test_5_12_a_wait_a_seller_or_an_event_is_something_between() -> None:
    seen = step("seen", "condition", yes=[step("b", "email")], of="a", event="opened", within={"days": 1})
    assert found(step("a", "email"), seen) == []
    assert found(step("a", "email"), step("ring", "call"), step("b", "email")) == []


def test_a_condition_that_asks_about_nothing_is_a_fault() -> None:
    finding = only(found(step("quick", "condition", no=[step("ring", "call")])))
    assert (finding.step, finding.message) == ("quick", "Step quick: it asks about nothing yet.")


def test_5_12_two_emails_are_found_through_arms_that_take_no_time() -> None:
    asked = Group(
        "all", (Condition("city", Field("contact", "city", "city", FieldType.TEXT), "empty", None),)
    )
    arms = {"yes": (step("set", "update_field", field="city"),), "no": (step("b", "email"),)}
    quick = StepSpec("quick", "condition", conditions=asked, **arms)
    warnings = found(step("a", "email"), quick, step("c", "email"))
    assert [(one.level, one.step) for one in warnings] == [(WARNING, "b"), (WARNING, "c"), (WARNING, "c")]
