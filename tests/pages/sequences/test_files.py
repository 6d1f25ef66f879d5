"""/sequences/<id>/export/ and /sequences/import/: a sequence leaves as a file and comes in as one."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from messaging.models import Template
from sequences.models import Sequence
from tenants.models import Tenant
from tenants.wall import use
from tests.factories import make_member, make_tenant
from tests.pages.conftest import SignIn
from tests.pages.somebody import words

pytestmark = pytest.mark.usefixtures("tenant")


def uploaded(client: Client, content: bytes) -> Any:
    return client.post("/sequences/import/", {"file": SimpleUploadedFile("x.yaml", content)})


def test_a_sequence_goes_by_file_into_another_workspace(
    client: Client, sequence: Sequence, sign_in: SignIn
) -> None:
    response = client.get(f"/sequences/{sequence.pk}/export/")
    assert response["Content-Disposition"] == 'attachment; filename="outbound.yaml"'
    text = response.content.decode()
    with use(make_tenant()):
        there = sign_in(make_member("sales_rep", "rita@fabrikam.example"))
        page = words(uploaded(there, response.content).content.decode())
        assert "Outbound" in page and "Classic sequence, 2 steps" in page and "Intro" in page
        assert "Nobody here has rep@us.example" in page
        assert not Sequence.objects.exists()
        made = there.post("/sequences/import/", {"text": text, "make": "1"})
        assert made.status_code == 302
        one = Sequence.objects.get()
        assert made["Location"] == f"/sequences/{one.pk}/edit/"
        assert (one.name, one.status, one.plan.steps.count()) == ("Outbound", "draft", 2)
        assert "2 steps" in words(there.get("/sequences/").content.decode())


def test_what_is_wrong_with_a_file_is_said_with_its_line(client: Client, sequence: Sequence) -> None:
    content = client.get(f"/sequences/{sequence.pk}/export/").content.replace(b"kind: email", b"kind: pigeon")
    response = uploaded(client, content)
    page = words(response.content.decode())
    assert response.status_code == 422 and "Nothing was brought in" in page and "pigeon" in page
    assert "line" in page and "steps.email1.kind" in page


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\x89PNG\r\n\x1a\n\xff\xfe", "not a text in UTF-8"),
        (b"", "empty"),
        (b"a" * 1_000_001, "1 MB"),
        (b"just words", "keys and values are wanted"),
    ],
)
def test_what_is_no_file_of_sequences_is_refused(client: Client, content: bytes, said: str) -> None:
    response = uploaded(client, content)
    assert response.status_code == 422 and said in words(response.content.decode())
    assert not Sequence.objects.exists()


def test_without_a_file_one_is_asked_for(client: Client) -> None:
    response = client.post("/sequences/import/", {})
    assert response.status_code == 422 and "Choose a file." in words(response.content.decode())


def test_a_personal_template_does_not_leave_with_somebody_else(
    sequence: Sequence, tenant: Tenant, sign_in: SignIn
) -> None:
    Template.objects.update(is_shared=False)
    other = make_member("sales_rep", "other@us.example")
    Sequence.objects.update(is_shared=True)
    response = sign_in(other).get(f"/sequences/{sequence.pk}/export/", follow=True)
    assert "personal template of somebody else" in response.content.decode()


def test_who_may_not_create_brings_nothing_in(sign_in: SignIn, tenant: Tenant) -> None:
    analyst = sign_in(make_member("read_only", "eye@us.example"))
    assert analyst.get("/sequences/import/").status_code == 403


OTHER_KINDS = b"""
templates: {t: {subject: Hi, body: "<p>Hi</p>"}}
sequences:
  - name: Tree
    kind: adaptive
    schedule: {hours: "09:00-17:00"}
    steps:
      - {key: a, kind: email, template: t}
      - key: c
        kind: condition
        of: a
        event: opened
        within: {days: 2}
        yes: [{key: b, kind: call, title: Call}]
        no: [{key: w, kind: wait, for: {days: 1}}, {key: d, kind: email, template: t}]
  - name: Nurture
    kind: smart
    schedule: {time: "09:00", every_days: 3, exclude_weekends: true}
    exit: {colleague_replied: true, conditions: [{field: city, op: is, value: Ulm}]}
    steps: [{key: a, kind: email, template: t}]
"""


def test_steps_in_arms_are_counted(client: Client, tenant: Tenant) -> None:
    page = words(uploaded(client, OTHER_KINDS).content.decode())
    assert "Adaptive sequence, 5 steps" in page and "Smart sequence, 1 step" in page


def test_how_often_a_smart_sequence_runs_is_said(client: Client, tenant: Tenant) -> None:
    client.post("/sequences/import/", {"text": OTHER_KINDS.decode(), "make": "1"})
    smart = Sequence.objects.get(name="Nurture")
    page = words(client.get(f"/sequences/{smart.pk}/").content.decode())
    assert "Every 3 days, not on weekends" in page and "Day 0" not in page
    assert "Stops on reply, unsubscribe, bounce, a colleague’s reply, 1 condition" in page
    assert "0 days" not in words(client.get("/sequences/").content.decode())
    assert "Every 3 days, not on weekends, at 09:00" in words(
        client.get(f"/sequences/{smart.pk}/edit/").content.decode()
    )


def test_a_file_as_large_as_permitted_comes_in(client: Client, tenant: Tenant) -> None:
    # As a form without files it would be posted with three bytes for one of these, more than a server takes.
    text = OTHER_KINDS.decode().replace("kind: smart", f"kind: smart\n    description: {'ä' * 490_000}")
    page = uploaded(client, text.encode()).content.decode()
    assert '<form class="section" method="post" enctype="multipart/form-data">' in page
    assert client.post("/sequences/import/", {"text": text, "make": "1"}).status_code == 302
    assert Sequence.objects.filter(name="Nurture").exists()


PAIR = """
templates: {t: {subject: Hi, body: "<p>Hi</p>"}}
sequences:
  - name: There
    kind: adaptive
    schedule: {hours: "09:00-17:00"}
    steps: [{key: a, kind: email, template: t}, {key: b, kind: advance, sequence: Back}]
  - name: Back
    kind: classic
    schedule: {time: "09:00"}
    audience: {conditions: [{field: sequence, op: was_in, value: There}]}
    steps: [{key: a, day: 1, kind: email, template: t}]
"""


def test_sequences_that_name_each_other_go_by_file_into_another_workspace(
    client: Client, tenant: Tenant, sign_in: SignIn
) -> None:
    client.post("/sequences/import/", {"text": PAIR, "make": "1"})
    one = Sequence.objects.get(name="Back")
    alone = client.get(f"/sequences/{one.pk}/export/").content
    both = client.get(f"/sequences/{one.pk}/export/?named=1").content
    assert "Export with those it names" in client.get(f"/sequences/{one.pk}/").content.decode()
    with use(make_tenant()):
        there = sign_in(make_member("sales_rep", "rita@fabrikam.example"))
        assert "there is no sequence “There”" in words(uploaded(there, alone).content.decode())
        made = there.post("/sequences/import/", {"text": both.decode(), "make": "1"})
        assert made.status_code == 302
        assert set(Sequence.objects.values_list("name", flat=True)) == {"There", "Back"}
