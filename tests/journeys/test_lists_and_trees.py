"""A smart and an adaptive sequence: built, published, edited over people inside, brought into another workspace."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils.timezone import now
from playwright.sync_api import Page, expect

from sequences.models import Enrollment, Sequence, StepRun
from sequences.ticking import work_tenant
from tenants.wall import use
from tests.browser import NewPage
from tests.pages.sequences.test_in_a_browser import Site

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def site(live_server: Any, new_page: NewPage) -> Site:
    """Three people in Bonn."""
    return Site(live_server, new_page)


@pytest.fixture
def elsewhere(live_server: Any, new_page: NewPage) -> Site:
    """Another workspace."""
    return Site(live_server, new_page)


def begin(page: Page, name: str, kind: str) -> None:
    """A draft for everyone in Bonn."""
    page.goto("/sequences/new/")
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_role("radio", name=kind).check()
    page.get_by_role("button", name="Create draft").click()
    page.get_by_role("button", name="Add condition").first.click()
    page.get_by_label("Field").first.select_option("city")
    page.get_by_label("Value").fill("Bonn")
    page.get_by_role("button", name="Save audience").click()
    expect(page.locator("#fold-audience summary")).to_contain_text("city is Bonn")


def add(page: Page, where: str, kind: str, group: str = "Steps", **fields: str) -> None:
    """Press a plus, choose a kind, fill in its panel."""
    page.get_by_role("link", name=f"Add a step {where}", exact=True).click()
    panel = page.locator("#panel")
    region = panel.get_by_role("region", name=group)
    region.get_by_role("link").filter(has=page.get_by_text(kind, exact=True)).click()
    expect(panel.get_by_role("button", name="Add step")).to_be_visible()
    for label, value in fields.items():
        field = panel.get_by_label(label.replace("_", " "), exact=True)
        if field.evaluate("input => input.tagName") == "SELECT":
            field.select_option(label=value)
        else:
            field.fill(value)
    panel.get_by_role("button", name="Add step").click()
    expect(panel.get_by_role("button", name="Add step")).to_have_count(0)


def activate(page: Page) -> None:
    page.get_by_role("button", name="Activate").click()
    expect(page.locator(".page-head")).to_contain_text("Active")


def publish(page: Page, inside: str = "") -> None:
    page.get_by_role("link", name="Review and publish").click()
    if inside:
        page.get_by_role("radio", name=inside).check()
    page.get_by_role("button", name="Publish", exact=True).click()
    expect(page.locator(".page-head")).to_contain_text("Active")


def live(site: Site, days: float) -> None:
    """Work all that is due until some days from now."""
    with use(site.tenant):
        work_tenant(site.tenant.pk, now=now() + timedelta(days=days), is_on_time=True)


def done(site: Site, name: str) -> dict[str, int]:
    """How many had each step."""
    with use(site.tenant):
        runs = StepRun.objects.filter(enrollment__sequence__name=name).values_list("key", flat=True)
        return {key: list(runs).count(key) for key in sorted(set(runs))}


def bring(page: Page, file: Path) -> None:
    page.goto("/sequences/import/")
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("button", name="Check the file").click()
    page.get_by_role("button", name="Bring in as a draft").click()


def exported(page: Page, sequence: Sequence, folder: Path) -> Path:
    file = folder / f"{sequence.pk}.yaml"
    file.write_text(page.request.get(f"/sequences/{sequence.pk}/export/").text())
    return file


def test_a_list_lives_and_travels(site: Site, elsewhere: Site, tmp_path: Path) -> None:
    page = site.open("/sequences/")
    begin(page, "Relevant", "Smart")
    add(page, "first of all", "Call", Title="Ring them")
    add(page, "after step 1", "Email", Template="Intro")
    page.locator("#step-email1 summary").click()
    page.get_by_role("button", name="Move up").click()
    expect(page.locator(".step-card").first).to_have_id("step-email1")
    activate(page)
    live(site, 1)
    assert done(site, "Relevant") == {"email1": 3}

    with use(site.tenant):
        sequence = Sequence.objects.get(name="Relevant")
    page.goto(f"/sequences/{sequence.pk}/edit/")
    add(page, "after step 1", "Follow-up", Title="Look them up")
    expect(page.locator("#unpublished")).to_contain_text("1 change not yet published")
    publish(page)
    live(site, 2)
    assert done(site, "Relevant") == {"email1": 3, "task1": 3}, "the new step comes before the call"

    there = elsewhere.open("/sequences/")
    bring(there, exported(page, sequence, tmp_path))
    with use(elsewhere.tenant):
        copy = Sequence.objects.get(name="Relevant")
        assert copy.kind == "smart"
        assert [step.key for step in copy.plan.steps.order_by("position")] == ["email1", "task1", "call1"]
    there.goto(f"/sequences/{copy.pk}/edit/")
    expect(there.locator(".step-card")).to_have_count(3)


def test_a_tree_lives_and_travels(site: Site, elsewhere: Site, tmp_path: Path) -> None:
    page = site.open("/sequences/")
    begin(page, "Answers", "Adaptive")
    add(page, "first of all", "Email", Template="Intro")
    add(page, "after step 1", "Email", "Conditions", Email="Step 1 “Intro”", Days="2")
    add(page, "first in the yes arm of step 2", "Call", Title="Ring them")
    add(page, "first in the no arm of step 2", "Wait", "Commands", Days="1")
    expect(page.locator("#review")).to_contain_text("something must follow a wait")

    # By keyboard: from the condition into its arms, and a step after the wait.
    page.locator("#step-if1 .row-link").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#step-call1 .row-link")).to_be_focused()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#step-wait1 .row-link")).to_be_focused()
    page.keyboard.press("+")
    page.locator("#panel").get_by_role("link", name="Follow-up").click()
    page.get_by_label("Title").fill("Write by hand")
    page.get_by_role("button", name="Add step").click()
    expect(page.locator(".arm-no #step-task1")).to_be_visible()
    activate(page)
    live(site, 1)
    assert done(site, "Answers") == {"email1": 3}

    # Edited while they wait for an answer, who are then moved to the new tree.
    with use(site.tenant):
        sequence = Sequence.objects.get(name="Answers")
    page.goto(f"/sequences/{sequence.pk}/edit/")
    add(page, "after step 2 and its arms", "Call", Title="Say goodbye")
    page.locator("#step-wait1 .row-link").focus()
    page.keyboard.press("Delete")
    expect(page.locator("#step-wait1")).to_have_count(0)
    expect(page.locator("#unpublished")).to_contain_text("2 changes not yet published")
    publish(page, "Move to the new version")
    with use(site.tenant):
        sequence.refresh_from_db()
        assert Enrollment.objects.filter(sequence=sequence, plan=sequence.plan).count() == 3

    there = elsewhere.open("/sequences/")
    bring(there, exported(page, sequence, tmp_path))
    with use(elsewhere.tenant):
        copy = Sequence.objects.get(name="Answers")
        shape = [(step.key, step.arm) for step in copy.plan.steps.order_by("position")]
        assert shape == [("email1", ""), ("if1", ""), ("call1", "yes"), ("task1", "no"), ("call2", "")]
    there.goto(f"/sequences/{copy.pk}/edit/")
    expect(there.locator(".arm-no #step-task1")).to_be_visible()
