"""The editor of a smart sequence: a list, by forms and links alone (semantics 4.2)."""

from __future__ import annotations

from django.test import Client

from messaging.models import Template
from sequences.models import Sequence
from tests.pages.sequences.building import added, page, press, shape, steps, text


def test_a_list_has_an_interval(client: Client, smart: Sequence) -> None:
    timing = {"run_time": "09:00", "timezone": "Europe/Berlin", "every_days": "3"}
    assert client.post(f"/sequences/{smart.pk}/edit/timing/", timing).status_code == 302
    smart.refresh_from_db()
    assert smart.every_days == 3
    wrong = client.post(f"/sequences/{smart.pk}/edit/timing/", timing | {"every_days": "0"})
    assert wrong.status_code == 422
    assert "At least 1 day." in text(wrong)


def test_a_list_is_built_moved_copied_switched_off_and_removed(
    client: Client, smart: Sequence, template: Template
) -> None:
    condition = {"step-0-field": "city", "step-0-op": "is", "step-0-value": "Bonn"}
    added(client, smart, "email", template=str(template.pk), thread="new", **condition)
    added(client, smart, "call", "start", title="Ring", assignee="owner")
    added(client, smart, "task", "after:call1", title="Look", assignee="owner")
    assert shape(smart) == ["call1", "task1", "email1"]
    assert {step.day for step in steps(smart)} == {None}
    found = page(client, smart)
    assert "Day None" not in found
    assert "Only if" in found
    assert 'name="day"' not in page(client, smart, "edit/?step=email1")
    press(client, smart, "email1/move", to="up")
    press(client, smart, "call1/copy")
    assert shape(smart) == ["call1", "call2", "email1", "task1"]
    press(client, smart, "call1/switch", to="off")
    assert steps(smart)[0].is_off
    press(client, smart, "task1/remove")
    address = f"/sequences/{smart.pk}/steps/call2/"
    assert client.post(address, {"kind": "call", "title": "Ring twice", "priority": "low"}).status_code == 302
    assert shape(smart) == ["call1", "call2", "email1"]
    assert steps(smart)[1].settings["title"] == "Ring twice"
    assert (
        client.post(f"/sequences/{smart.pk}/steps/call2/move/", {"at": "yes:call1"}, follow=True).status_code
        == 200
    )
    assert shape(smart) == ["call1", "call2", "email1"]
