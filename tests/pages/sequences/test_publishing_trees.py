"""/sequences/<id>/publish/ of an adaptive sequence: pin or move, and where everybody would land (semantics 5.14)."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from sequences.commands.planning import copy_steps
from sequences.models import Enrollment, Sequence, SequencePlan
from steps.models import Plan, Step
from tenants.models import Tenant
from tests.apps.sequences.lives import Stage
from tests.factories import NOW
from tests.pages.sequences.test_trees import client, lived
from tests.pages.somebody import words

__all__ = ["client", "lived"]


def text(response: Any) -> str:
    return response.content.decode()


@pytest.fixture
def drafted(tenant: Tenant, lived: Stage) -> Stage:
    """The draft has a task after the call, and no wait any more."""
    tenant.postal_address = "1 Road"
    tenant.save()
    sequence = lived.sequence
    sequence.draft = Plan.objects.create(made_at=NOW, number=2)
    sequence.save()
    SequencePlan.objects.create(sequence=sequence, plan=sequence.draft)
    copy_steps(sequence.plan, sequence.draft)
    steps = {step.key: step for step in sequence.draft.steps.all()}
    steps["rest"].delete()
    Step.objects.create(
        plan=sequence.draft, key="task1", kind="task", parent=steps["seen"], arm="yes", position=4
    )
    return lived


def publish(sequence: Sequence) -> str:
    return f"/sequences/{sequence.pk}/publish/"


def test_it_says_who_stands_where_and_would_land_where(drafted: Stage, client: Client) -> None:
    page = words(text(client.get(publish(drafted.sequence))))
    assert "2 people are inside. 1 of them stands at a step that the new version has, too." in page
    assert "Version 1 Call 1 Go on at the same step of version 2" in page
    assert "Version 1 Wait 2 days 1 Stay: the new version has no such step" in page
    assert "1 person goes on there; 1 cannot and stays." in page
    assert "yes arm of step 2" in page and "1 can come to it." in page
    assert "Wait 2 days is removed." in page


@pytest.mark.parametrize("apply, moved", [("pin", 0), ("move", 1)])
def test_those_inside_stay_or_go_over(drafted: Stage, client: Client, apply: str, moved: int) -> None:
    answer = client.post(publish(drafted.sequence), {"note": "More", "apply": apply})
    assert answer["Location"] == f"/sequences/{drafted.sequence.pk}/", text(answer)
    assert drafted.sequence.plan.number == 2
    assert Enrollment.objects.filter(plan=drafted.sequence.plan).count() == moved


@pytest.mark.parametrize("apply", ["", "nonsense"])
def test_another_choice_is_said_at_its_place(drafted: Stage, client: Client, apply: str) -> None:
    answer = client.post(publish(drafted.sequence), {"note": "Typed", "apply": apply})
    assert answer.status_code == 422 and 'value="Typed"' in text(answer)
    part = text(answer).partition('name="apply"')[2].partition("</fieldset>")[0]
    assert "Choose what becomes of those inside." in part or "nonsense" in part
    assert drafted.sequence.plan.number == 1


def test_the_editor_leads_there(drafted: Stage, client: Client) -> None:
    page = text(client.get(f"/sequences/{drafted.sequence.pk}/edit/"))
    assert "2 changes not yet published" in page and publish(drafted.sequence) in page
