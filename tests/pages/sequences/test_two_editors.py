"""Two people, or two windows, at one sequence: nobody's work vanishes unseen."""

from __future__ import annotations

import html
import re
from datetime import time
from typing import Any

import pytest
from django.test import Client

from messaging.models import Template
from sequences.commands.editing import change_settings
from sequences.commands.planning import add_step, change_step, remove_step, working_plan
from sequences.models import Sequence
from tenants.models import Member, Tenant
from tests.factories import NOW, make_member
from tests.pages.sequences.conftest import live
from tests.pages.somebody import words


@pytest.fixture
def maya(rep: Member) -> Member:
    """Another who may change the rep's sequences."""
    member = make_member("admin", "maya@us.example")
    member.user.name = "Maya Ortiz"
    member.user.save()
    return member


def text(response: Any) -> str:
    return html.unescape(response.content.decode())


def seen(page: str, action: str) -> str:
    """What the form of an address says that it showed."""
    form = page[page.index(f'action="{action}"') :]
    found = re.search(r'name="seen" value="([^"]*)"', form[: form.index("</form>")])
    assert found, action
    return found[1]


def timing(**changed: str) -> dict[str, str]:
    return {"run_time": "09:00", "timezone": "UTC", "holidays": ""} | changed


def test_what_another_saved_meanwhile_is_said_at_its_field_and_kept(
    client: Client, sequence: Sequence, maya: Member
) -> None:
    path = f"/sequences/{sequence.pk}/edit/"
    mine = seen(text(client.get(path)), f"{path}timing/")
    change_settings(sequence=sequence, by=maya, now=NOW, run_time=time(10), exclude_weekends=True)

    answer = client.post(f"{path}timing/", timing(run_time="11:30", seen=mine))
    assert answer.status_code == 422
    page = text(answer)
    assert "Maya Ortiz saved “10:00” here after you had opened this." in words(page)
    assert 'value="11:30"' in page, "what was typed stays"
    sequence.refresh_from_db()
    assert (sequence.run_time, sequence.exclude_weekends) == (time(10), True)

    # Saved again it replaces hers, but only where something was typed.
    client.post(f"{path}timing/", timing(run_time="11:30", seen=seen(page, f"{path}timing/")))
    sequence.refresh_from_db()
    assert (sequence.run_time, sequence.exclude_weekends) == (time(11, 30), True)


def test_two_who_change_different_things_both_have_their_way(
    client: Client, sequence: Sequence, maya: Member
) -> None:
    path = f"/sequences/{sequence.pk}/edit/"
    mine = seen(text(client.get(path)), f"{path}timing/")
    change_settings(sequence=sequence, by=maya, now=NOW, exclude_weekends=True, holidays=["2026-12-25"])
    client.post(f"{path}timing/", timing(run_time="11:30", seen=mine))
    sequence.refresh_from_db()
    assert (sequence.run_time, sequence.exclude_weekends) == (time(11, 30), True)
    assert sequence.holidays == ["2026-12-25"]


def test_conditions_that_another_saved_are_said_in_words(
    client: Client, sequence: Sequence, maya: Member
) -> None:
    path = f"/sequences/{sequence.pk}/edit/"
    mine = seen(text(client.get(path)), f"{path}audience/")
    change_settings(
        sequence=sequence, by=maya, now=NOW, entry_conditions=[{"field": "city", "op": "is", "value": "Köln"}]
    )
    typed = {"record": "contact", "entry-record": "contact", "entry-match": "all", "entry-0-field": "city"}
    typed |= {"entry-0-op": "is", "entry-0-value": "Kiel", "seen": mine}
    said = words(text(client.post(f"{path}audience/", typed)))
    assert "Maya Ortiz saved conditions: city is Köln here" in said
    sequence.refresh_from_db()
    assert sequence.entry_conditions[0]["value"] == "Köln"


def test_without_another_nothing_is_contested(client: Client, sequence: Sequence) -> None:
    path = f"/sequences/{sequence.pk}/edit/"
    page = text(client.get(path))
    sections = {
        "timing": timing(),
        "details": {"name": "Outbound", "sender": "owner"},
        "exit": {"exit_replied": "on", "out_of_office": "pause", "exit-match": "any"},
        "audience": {"record": "contact"},
    }
    for name, typed in sections.items():
        address = f"{path}{name}/"
        answer = client.post(address, typed | {"seen": seen(page, address)})
        assert answer.status_code == 302, words(text(answer))


def test_a_step_that_two_change_keeps_what_each_has_typed(
    client: Client, sequence: Sequence, maya: Member
) -> None:
    path = f"/sequences/{sequence.pk}/steps/call1/"
    mine = seen(text(client.get(f"/sequences/{sequence.pk}/edit/?step=call1")), path)
    change_step(sequence=sequence, key="call1", by=maya, now=NOW, settings={"title": "Hers"}, day=4)

    typed = {"kind": "call", "day": "3", "title": "Mine", "script": "Say hello", "priority": "normal"}
    answer = client.post(path, typed | {"seen": mine})
    page = text(answer)
    assert answer.status_code == 422 and "Maya Ortiz saved “Hers” here" in page
    assert 'value="Mine"' in page and "Say hello" in page

    client.post(path, typed | {"seen": seen(page, path)})
    step = working_plan(sequence).steps.get(key="call1")
    assert (step.day, step.settings["title"], step.settings["script"]) == (4, "Mine", "Say hello")


def test_what_was_typed_for_a_step_that_is_gone_can_be_added_anew(
    client: Client, sequence: Sequence, maya: Member
) -> None:
    path = f"/sequences/{sequence.pk}/steps/call1/"
    mine = seen(text(client.get(f"/sequences/{sequence.pk}/edit/?step=call1")), path)
    remove_step(sequence=sequence, key="call1", by=maya, now=NOW)
    typed = {"kind": "call", "day": "3", "title": "Long work", "priority": "normal", "seen": mine}
    page = text(client.post(path, typed))
    assert "Somebody removed this step after you had opened it." in page and 'value="Long work"' in page
    client.post(f"/sequences/{sequence.pk}/steps/", typed)
    assert working_plan(sequence).steps.filter(settings__title="Long work").exists()


def test_a_step_that_another_changed_is_not_removed_unseen(
    client: Client, sequence: Sequence, maya: Member
) -> None:
    path = f"/sequences/{sequence.pk}/steps/call1/remove/"
    mine = seen(text(client.get(f"/sequences/{sequence.pk}/edit/")), path)
    change_step(sequence=sequence, key="call1", by=maya, now=NOW, settings={"title": "Long work"})
    page = text(client.post(path, {"seen": mine, "next": f"/sequences/{sequence.pk}/edit/"}, follow=True))
    assert "Maya Ortiz changed this step after you had opened the page." in page
    assert working_plan(sequence).steps.filter(key="call1").exists()
    client.post(path, {"seen": seen(page, path)})
    assert not working_plan(sequence).steps.filter(key="call1").exists()


@pytest.mark.parametrize("verb", ["publish", "discard"])
def test_changes_that_nobody_here_has_seen_are_neither_published_nor_thrown_away(
    client: Client, sequence: Sequence, maya: Member, tenant: Tenant, verb: str
) -> None:
    live(sequence, tenant, people=1)
    add_step(sequence=sequence, kind="task", by=sequence.owner, now=NOW, day=5, settings={"title": "Mine"})
    path = f"/sequences/{sequence.pk}/{verb}/"
    shown = {"publish": path, "discard": f"/sequences/{sequence.pk}/edit/"}[verb]
    mine = seen(text(client.get(shown)), path)
    add_step(sequence=sequence, kind="task", by=maya, now=NOW, day=6, settings={"title": "Half done"})
    said = text(client.post(path, {"seen": mine}, follow=True))
    assert "Maya Ortiz changed the sequence after you had opened the page." in said
    sequence.refresh_from_db()
    assert sequence.draft is not None and sequence.draft.steps.count() == 4


def test_a_sequence_that_another_changed_is_not_activated_unseen(
    client: Client, sequence: Sequence, maya: Member, template: Template
) -> None:
    path = f"/sequences/{sequence.pk}/activate/"
    edit = f"/sequences/{sequence.pk}/edit/"
    mine = seen(text(client.get(edit)), path)
    change_settings(sequence=sequence, by=maya, now=NOW, entry_conditions=[])
    said = text(client.post(path, {"seen": mine}, follow=True))
    assert "Maya Ortiz changed the sequence after you had opened the page." in said
    sequence.refresh_from_db()
    assert sequence.status == "draft"
    client.post(path, {"seen": seen(text(client.get(edit)), path)})
    sequence.refresh_from_db()
    assert sequence.status == "active"
