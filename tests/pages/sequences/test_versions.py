"""/sequences/<id>/versions/: who published what, one version to read, any two to compare."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Any

import pytest
from django.test import Client

from audience.models import SavedView
from messaging.models import Template
from sequences.commands.editing import change_settings
from sequences.commands.planning import add_step, change_step, remove_step
from sequences.commands.publishing import publish
from sequences.models import Enrollment, Sequence
from tenants.models import Member, Tenant
from tests.factories import NOW, make_member
from tests.pages.conftest import SignIn
from tests.pages.sequences.conftest import BONN, live
from tests.pages.somebody import words


def text(response: Any) -> str:
    return response.content.decode()


def at(sequence: Sequence, rest: str = "") -> str:
    return f"/sequences/{sequence.pk}/versions/{rest}"


@pytest.fixture
def third(sequence: Sequence, tenant: Tenant, rep: Member) -> Sequence:
    """Three versions and a draft: a task came, the call changed and left; settings changed on the way."""
    moment = live(sequence, tenant, people=2, days=1)
    given: dict[str, Any] = {"sequence": sequence, "by": rep}

    def later() -> dict[str, Any]:
        nonlocal moment
        moment += timedelta(hours=1)
        return given | {"now": moment}

    add_step(kind="task", day=9, settings={"title": "Look"}, **later())
    publish(note="A task more", **later())
    change_settings(run_time=time(8, 30), exit_colleague_replied=True, **later())
    view = SavedView.objects.create(name="Leads", owner=rep)
    change_settings(entry_conditions=[BONN[0] | {"value": "Kiel"}], views=[view], **later())
    change_step(key="call1", settings={"title": "Ring twice"}, **later())
    publish(note="Ring twice", **later())
    remove_step(key="call1", **later())
    sequence.refresh_from_db()
    return sequence


def test_each_says_who_when_why_and_how_many_are_on_it(client: Client, third: Sequence, rep: Member) -> None:
    page = words(text(client.get(at(third))))
    assert page.index("Version 4 Not published") < page.index("Version 3 Current 2 people")
    assert f"by {rep.name} A task more Added: Look , day 9" in page
    assert "Compare with version 1" in page and "Ring twice" in page
    assert "2 people" not in page.partition("Version 2")[2], (
        "of a classic sequence all are on the current one"
    )


def test_one_is_read_whole(client: Client, third: Sequence) -> None:
    page = words(text(client.get(at(third, "1/"))))
    assert "Version 1 An earlier version · 2 steps" in page
    assert "1. Intro Email · Day 1" in page and "Template Intro" in page and "Track opens Yes" in page
    assert "2. Ring first_name Call reminder · Day 3" in page and "Look" not in page
    assert "Not published" in text(client.get(at(third, "4/")))
    assert "Ring twice" in text(client.get(at(third, "3/")))


def test_there_are_no_others(client: Client, third: Sequence) -> None:
    assert client.get(at(third, "5/")).status_code == client.get(at(third, "0/")).status_code == 404


def test_any_two_are_compared_in_their_order(client: Client, third: Sequence) -> None:
    page = words(text(client.get(at(third, "compare/"), {"old": "1", "new": "3"})))
    assert "Version 3 against version 1" in page
    assert "Look is new on day 9." in page
    assert "Title Ring first_name → Ring twice" in page
    turned = words(text(client.get(at(third, "compare/"), {"old": "3", "new": "1"})))
    assert "Version 3 against version 1" in turned and "Look is new on day 9." in turned


def test_settings_are_compared_as_they_were(client: Client, third: Sequence) -> None:
    page = words(text(client.get(at(third, "compare/"), {"old": "2", "new": "3"})))
    assert "09:00 UTC → 08:30 UTC" in page or "→ 08:30" in page
    assert "a colleague replies" in page and "Kiel" in page and "Bonn" in page
    assert "Saved views – → Leads" in page
    same = words(text(client.get(at(third, "compare/"), {"old": "1", "new": "2"})))
    assert "Audience, timing and exit criteria are the same." in same


def test_without_numbers_the_last_two(client: Client, third: Sequence) -> None:
    page = words(text(client.get(at(third, "compare/"))))
    assert "Version 4 against version 3" in page and "Ring twice is removed from day 3." in page


@pytest.mark.parametrize(
    "asked, said",
    [
        ({"old": "9", "new": "1"}, "There is no version “9”."),
        ({"old": "1", "new": "x<b>"}, "There is no version “x&lt;b&gt;”."),
        ({"old": "2", "new": "2"}, "Choose two different versions."),
        ({"old": "1", "new": "9" * 40}, "There is no version"),
    ],
)
def test_what_cannot_be_compared_is_said_at_its_place(
    client: Client, third: Sequence, asked: dict[str, str], said: str
) -> None:
    answer = client.get(at(third, "compare/"), asked)
    assert answer.status_code == 422 and said in text(answer)


def test_one_version_alone_has_nothing_to_be_compared_with(client: Client, sequence: Sequence) -> None:
    assert "Compare" not in text(client.get(at(sequence)))
    assert client.get(at(sequence, "compare/")).status_code == 422


def test_before_publishing_the_settings_that_hold_already_are_said(
    client: Client, third: Sequence, rep: Member
) -> None:
    page = f"/sequences/{third.pk}/publish/"
    assert "Settings changed since" not in text(client.get(page))
    change_settings(sequence=third, by=rep, now=NOW + timedelta(days=9), exclusive=True)
    assert "Settings changed since version 3 They hold already. Audience Exclusive No → Yes" in words(
        text(client.get(page))
    )


def test_a_private_template_is_not_shown_to_others(
    third: Sequence, sign_in: SignIn, template: Template
) -> None:
    Template.objects.update(is_shared=False)
    Sequence.objects.update(is_shared=True)
    reader = sign_in(make_member("sales_rep"))
    for page in ("", "1/", "compare/?old=1&new=2"):
        assert "Intro" not in text(reader.get(at(third, page)))


def test_on_an_earlier_version_of_a_tree_people_are_counted(
    client: Client, sequence: Sequence, third: Sequence
) -> None:
    Sequence.objects.update(kind="adaptive")
    one = Enrollment.objects.order_by("pk")[0]
    first = sequence.sequence_plans.order_by("pk")[0].plan
    Enrollment.objects.filter(pk=one.pk).update(plan=first)
    page = words(text(client.get(at(third))))
    assert "Version 3 Current 1 person" in page and "Version 1 1 person" in page
