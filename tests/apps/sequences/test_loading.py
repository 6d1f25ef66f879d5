"""Files go into the database whole: what is read is what is stored."""

from __future__ import annotations

from pathlib import Path

import pytest

import config.demo as seed
from audience.models import Account, Contact, Opportunity, SavedView
from messaging.models import Template
from sequences.files.loading import load
from sequences.files.scenario import read_scenario
from sequences.models import Sequence
from steps.models import Step

pytestmark = pytest.mark.django_db

FILES = [*sorted(Path("tests/scenarios").glob("*.yaml")), *sorted(Path(seed.__file__).parent.glob("*.yaml"))]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_everything_that_a_file_describes_is_stored(path: Path, tenant: object) -> None:
    scenario = read_scenario(path.read_text(), file=path.name)

    world = load(scenario, at=scenario.now)

    assert Account.objects.count() == len(scenario.accounts)
    assert Contact.objects.count() == len(scenario.contacts)
    assert Opportunity.objects.count() == len(scenario.opportunities)
    assert SavedView.objects.count() == len(scenario.views)
    assert Template.objects.exclude(current=None).count() == len(scenario.templates)
    assert Sequence.objects.count() == len(scenario.sequences)
    for spec in scenario.sequences:
        assert world.sequences[spec.name].plan.steps.count() >= len(spec.steps)
    assert set(Step.objects.values_list("kind", flat=True)) == {
        step.kind for spec in scenario.sequences for step in _all(spec.steps)
    }


def _all(steps: tuple) -> list:
    return [found for step in steps for found in (step, *_all(step.yes), *_all(step.no))]
