"""The check before activation: sequences.checks."""

from dataclasses import replace
from datetime import time

import pytest

from audience.conditions.parse import Scope
from sequences.checks import check, faults
from sequences.findings import FAULT, WARNING, Facts, Finding, SenderFacts, StepFacts, TemplateFacts

INTRO = TemplateFacts(1, "Intro", "Hello", "<p>Hi</p>")


def mail(key: str = "a", day: int = 1, **values: object) -> StepFacts:
    facts = {
        "label": f"Step {key}",
        "needs_template": True,
        "is_email": True,
        "template": INTRO,
        "sender": "mia@us.example",
        "settings": {},
    }
    return StepFacts(key=key, kind="email", day=day, **(facts | values))  # type: ignore[arg-type]


def call(key: str = "c", day: int = 2, **values: object) -> StepFacts:
    return StepFacts(key=key, kind="call", day=day, label=f"Step {key}", **values)  # type: ignore[arg-type]


def facts(*steps: StepFacts, **values: object) -> Facts:
    sound = {
        "kind": "classic",
        "run_time": time(9),
        "scope": Scope(steps={step.key: step.kind for step in steps}),
        "entry": {"match": "all", "conditions": [{"field": "city", "op": "is", "value": "Bonn"}]},
        "exit": {"match": "any", "conditions": []},
        "senders": {"mia@us.example": SenderFacts("Mia")},
        "postal_address": "1 Road",
        "matching": 12,
    }
    return Facts(steps=steps, **(sound | values))  # type: ignore[arg-type]


def only(found: list[Finding]) -> Finding:
    assert len(found) == 1, found
    return found[0]


def asking(field: str, value: object, op: str = "is") -> dict:
    return {"field": field, "op": op, "value": value}


def test_a_sound_sequence_has_no_findings() -> None:
    assert check(facts(mail(), call())) == []


def test_no_steps_is_a_fault_of_the_steps() -> None:
    found = only(check(facts()))
    assert (found.level, found.section, found.step) == (FAULT, "steps", "")


def test_no_time_is_a_fault_of_the_timing() -> None:
    found = only(check(facts(call(), run_time=None)))
    assert (found.level, found.section, found.field) == (FAULT, "timing", "run_time")


def test_an_adaptive_one_needs_no_time_of_day() -> None:
    assert check(facts(call(), run_time=None, kind="adaptive", has_hours=True)) == []


@pytest.mark.parametrize("day", [None, 0, 91])
def test_a_day_outside_1_to_90_is_a_fault(day: int | None) -> None:
    found = only(check(facts(replace(call(), day=day))))
    assert (found.step, found.field) == ("c", "day")


def test_a_mail_without_template_is_a_fault_at_its_step() -> None:
    found = only(check(facts(mail(template=None))))
    assert (found.level, found.step, found.field) == (FAULT, "a", "template")


def test_a_reminder_may_do_without_template() -> None:
    step = StepFacts("r", "email_reminder", "Step r", 1)
    assert check(facts(step)) == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"is_archived": True}, "archived"),
        ({"subject": " "}, "no subject"),
        ({"body": ""}, "is empty"),
        ({"unknown": ("contact.salary",)}, "contact.salary"),
    ],
)
def test_what_is_wrong_with_a_template_is_said_with_its_page(changes: dict, words: str) -> None:
    found = only(check(facts(mail(template=replace(INTRO, **changes)))))
    assert words in found.message and found.cure == "template:1"


def test_each_condition_at_fault_is_named_with_its_row() -> None:
    entry = {"conditions": [asking("city", "Bonn"), asking("salary", 3), asking("score", "many", "=")]}
    found = check(facts(call(), entry=entry))
    assert [(f.section, f.message[:11]) for f in found] == [
        ("audience", "Condition 2"),
        ("audience", "Condition 3"),
    ]


def test_a_ninth_condition_is_a_fault() -> None:
    entry = {"conditions": [asking("city", "Bonn")] * 9}
    assert "at most 8" in only(check(facts(call(), entry=entry))).message


def test_a_condition_on_a_missing_step_is_a_fault_at_the_step_that_asks() -> None:
    step = call(conditions=(asking("step.gone.opened", True),))
    found = only(check(facts(step)))
    assert (found.level, found.step) == (FAULT, "c") and "no step “gone”" in found.message


def test_exit_conditions_are_checked_too() -> None:
    found = only(check(facts(call(), exit={"conditions": [asking("nonsense", 1)]})))
    assert (found.level, found.section) == (FAULT, "exit")


def test_if_opened_is_doubtful() -> None:
    step = call(conditions=(asking("step.a.opened", False),))
    found = only(check(facts(mail(), step)))
    assert found.level == WARNING and "unreliable" in found.message


def test_asking_a_later_step_is_doubtful() -> None:
    first = mail("a", conditions=(asking("step.b.sent", False),))
    found = only(check(facts(first, mail("b", 3))))
    assert found.level == WARNING and "comes later" in found.message


def test_an_outcome_that_the_call_does_not_offer_is_doubtful() -> None:
    ring = call("ring", 1, settings={"outcomes": ["Connected", "Voicemail"]})
    step = call("c", 3, conditions=(asking("step.ring.outcome", ["connected", "busy"], "in"),))
    assert "“busy”" in only(check(facts(ring, step))).message


def test_a_reply_without_a_mail_before_it_is_doubtful() -> None:
    found = only(check(facts(mail(settings={"thread": "reply"}))))
    assert (found.level, found.field) == (WARNING, "thread")
    assert check(facts(mail(), mail("b", 3, settings={"thread": "reply"}))) == []


def test_3_6_two_mails_on_one_day_are_doubtful() -> None:
    found = only(check(facts(mail("a"), mail("b"))))
    assert (found.level, found.step) == (WARNING, "b")


def test_3_6_two_mails_on_one_day_that_exclude_each_other_are_not() -> None:
    yes = mail("b", 2, conditions=(asking("step.a.clicked", True),))
    no = mail("c", 2, conditions=(asking("step.a.clicked", False),))
    assert check(facts(mail(), yes, no)) == []


def test_two_mails_joined_by_any_do_not_exclude_each_other() -> None:
    yes = mail("b", 2, match="any", conditions=(asking("step.a.clicked", True), asking("city", "Bonn")))
    no = mail("c", 2, conditions=(asking("step.a.clicked", False),))
    assert only(check(facts(mail(), yes, no))).step == "c"


@pytest.mark.parametrize(
    ("sender", "level"),
    [
        (None, FAULT),
        (SenderFacts("Mia", is_active=False), FAULT),
        (SenderFacts("Mia", problem="has no mailbox"), FAULT),
        (SenderFacts("2 owners", problem="have no mailbox", is_certain=False), WARNING),
    ],
)
def test_a_sender_who_cannot_send_is_named_once(sender: SenderFacts | None, level: str) -> None:
    senders = {"mia@us.example": sender} if sender else {}
    found = only(check(facts(mail(), mail("b", 3), senders=senders)))
    assert (found.level, found.field) == (level, "from")


@pytest.mark.parametrize("unsubscribe", [True, False])
def test_automatic_mails_need_a_postal_address(unsubscribe: bool) -> None:
    found = only(check(facts(mail(settings={"unsubscribe": unsubscribe}), postal_address=" ")))
    assert (found.level, found.step, found.cure) == (FAULT, "a", "workspace")
    assert check(facts(call(), postal_address="")) == []


def test_an_audience_of_nobody_is_said() -> None:
    assert only(check(facts(call(), matching=0))).level == WARNING
    assert "by hand" in only(check(facts(call(), matching=None))).message


def test_people_who_lack_a_needed_field_are_counted() -> None:
    found = only(check(facts(mail(), lacking=(("a", "company name", 1200),))))
    assert "1,200 people have no company name" in found.message


def test_faults_come_first() -> None:
    found = check(facts(mail("a"), mail("b", template=None)))
    assert [finding.level for finding in found] == [FAULT, WARNING]
    assert len(faults(found)) == 1
