"""Steps of a tree are moved, copied and removed, and what becomes of their arms (semantics 5.1)."""

from __future__ import annotations

import re

from django.test import Client

from messaging.models import Template
from sequences.models import Sequence
from tests.pages.sequences.building import REPLIED, add, added, grown, page, press, shape, steps, text


def test_a_step_moves_past_its_neighbours_and_out_of_its_arm(
    client: Client, tree: Sequence, template: Template
) -> None:
    grown(client, tree, template)
    press(client, tree, "task1/move", to="down")
    assert shape(tree)[-1] == "task1"
    press(client, tree, "task1/move", to="up")
    assert shape(tree) == ["email1", "task1", "if1", "yes of if1: call1"]
    press(client, tree, "if1/move", to="up")
    assert shape(tree) == ["email1", "if1", "yes of if1: call1", "task1"]
    press(client, tree, "email1/move", to="up")
    assert shape(tree)[0] == "email1"


def test_a_subtree_moves_to_any_place_but_beneath_itself(
    client: Client, tree: Sequence, template: Template
) -> None:
    grown(client, tree, template)
    added(client, tree, "condition", "after:task1", mail="email1", **REPLIED)
    added(client, tree, "wait", "yes:if2", days="1")
    asked = page(client, tree, "steps/if2/place/")
    assert "First in the yes arm of step 2: Step 1 “Intro” is replied to within 3 days?" in asked
    assert "Move step 5: Step 1 “Intro” is replied to within 3 days?" in asked
    assert 'value="yes:if2"' not in asked
    assert 'value="after:wait1"' not in asked
    press(client, tree, "if2/move", at="start")
    assert shape(tree)[:3] == ["if2", "yes of if2: wait1", "email1"]
    assert "cannot be moved to a place beneath itself" in press(client, tree, "if2/move", at="yes:if2")
    assert "place of this step is gone" in press(client, tree, "if2/move", at="after:gone1")
    assert shape(tree)[:3] == ["if2", "yes of if2: wait1", "email1"]


def test_a_copy_takes_the_arms_along_and_asks_about_the_copies(
    client: Client, tree: Sequence, template: Template
) -> None:
    grown(client, tree, template)
    added(client, tree, "condition", "after:call1", ask="call", call="call1", outcomes="Connected")
    press(client, tree, "if1/copy")
    assert shape(tree)[5:] == [
        "if3",
        *("yes of if3: call2", "yes of if3: if4"),
        "no of if3: task2",
    ]
    by_key = {step.key: step for step in steps(tree)}
    assert by_key["if4"].settings["of"] == "call2"
    assert by_key["if3"].settings["of"] == "email1"


def test_what_becomes_of_the_arms_is_asked(client: Client, tree: Sequence, template: Template) -> None:
    grown(client, tree, template)
    assert f"/sequences/{tree.pk}/steps/if1/remove/ask/" in page(client, tree)
    asked = page(client, tree, "steps/if1/remove/ask/")
    assert "What becomes of the 2 steps in its arms?" in asked
    seen = re.search(r'name="seen" value="([^"]+)"', asked)
    assert seen
    said = press(client, tree, "if1/remove", keep="yes", seen=seen[1])
    assert "Step and 1 in its arms removed." in said
    assert shape(tree) == ["email1", "call1"]


def test_a_removed_condition_takes_its_arms_along(client: Client, tree: Sequence, template: Template) -> None:
    grown(client, tree, template)
    assert "Choose what becomes" in press(client, tree, "if1/remove", keep="maybe")
    press(client, tree, "if1/remove")
    assert shape(tree) == ["email1"]


def test_a_branch_that_somebody_changed_meanwhile_stays(
    client: Client, tree: Sequence, template: Template
) -> None:
    grown(client, tree, template)
    seen = re.search(r'name="seen" value="([^"]+)"', page(client, tree, "steps/if1/remove/ask/"))
    assert seen
    added(client, tree, "wait", "after:call1", days="1")
    assert "after you had opened the page" in press(client, tree, "if1/remove", keep="no", seen=seen[1])
    assert len(steps(tree)) == 5


def test_two_who_edit_one_wait_are_told(client: Client, tree: Sequence) -> None:
    added(client, tree, "wait", days="1")
    seen = re.search(
        r'name="seen" value="([^"]+)"', page(client, tree, "edit/?step=wait1").split("data-panel")[1]
    )
    assert seen
    address = f"/sequences/{tree.pk}/steps/wait1/"
    assert client.post(address, {"kind": "wait", "days": "2", "seen": seen[1]}).status_code == 302
    late = client.post(address, {"kind": "wait", "days": "5", "seen": seen[1]})
    assert late.status_code == 422
    assert "saved “2 days” here after you had opened this" in text(late)
    again = re.findall(r'name="seen" value="([^"]+)"', text(late).split("data-panel")[1])[0]
    assert client.post(address, {"kind": "wait", "days": "5", "seen": again}).status_code == 302
    assert steps(tree)[0].settings == {"for": {"days": 5}}


def test_a_place_that_is_gone_meanwhile_is_said(client: Client, tree: Sequence) -> None:
    response = add(client, tree, "wait", "after:call9", days="1")
    assert response.status_code == 422
    assert "The place of this step is gone" in text(response)
    assert not steps(tree)
