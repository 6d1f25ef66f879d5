"""/templates/: list, editor, preview, where used."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from messaging.models import Template, TemplateVersion
from messaging.templating import save_template
from sequences.commands.editing import create_sequence
from sequences.commands.planning import add_step
from tenants.models import Member, Tenant
from tenants.wall import use
from tests.factories import NOW, ContactFactory, make_member, make_tenant
from tests.pages.conftest import SignIn


def text(response: Any) -> str:
    return response.content.decode()


@pytest.fixture
def manager(tenant: Tenant) -> Member:
    return make_member("sales_manager")


@pytest.fixture
def client(manager: Member, sign_in: SignIn) -> Client:
    return sign_in(manager)


def write(
    by: Member, name: str = "Intro", *, is_shared: bool = True, body: str = "<p>Hi {{ first_name }}</p>"
) -> Template:
    version = save_template(by=by, name=name, subject="Hello", body=body, is_shared=is_shared, now=NOW)
    return version.template


def test_the_list_shows_ones_own_and_shared_templates(client: Client, manager: Member) -> None:
    write(manager)
    write(make_member("sales_rep"), "Private", is_shared=False)
    page = text(client.get("/templates/"))
    assert "Intro" in page and "Private" not in page
    assert "No template matches" in text(client.get("/templates/", {"q": "nothing"}))
    assert "Intro" in text(client.get("/templates/", {"q": "HELLO"}))


def test_who_may_use_no_templates_gets_no_page(tenant: Tenant, sign_in: SignIn) -> None:
    client = sign_in(make_member("read_only"))
    for address in ("/templates/", "/templates/new/", "/templates/1/"):
        assert client.get(address).status_code == 403


def test_another_tenants_template_is_not_there(client: Client) -> None:
    with use(make_tenant()):
        foreign = write(make_member("admin"))
    for rest in ("", "edit/"):
        assert client.get(f"/templates/{foreign.pk}/{rest}").status_code == 404
    for rest in ("copy/", "archive/", "restore/"):
        assert client.post(f"/templates/{foreign.pk}/{rest}").status_code == 404


def test_what_is_written_as_text_is_kept_as_paragraphs_and_comes_back(client: Client) -> None:
    data = {
        "name": "New",
        "subject": "Hi {{ first_name }}",
        "body": "Hello,\r\nyou & I\r\n\r\nBye",
        "is_shared": "on",
    }
    response = client.post("/templates/new/", data)
    made = Template.objects.get(name="New")
    assert response["Location"] == f"/templates/{made.pk}/"
    assert made.current is not None
    assert made.current.body == "<p>Hello,<br>\nyou &amp; I</p>\n\n<p>Bye</p>"
    assert made.current.needed == ["contact.first_name"]
    assert "\nHello,\nyou &amp; I\n\nBye</textarea>" in text(client.get(f"/templates/{made.pk}/edit/"))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"name": ""}, "A template needs a name."),
        ({"subject": " "}, "An email needs a subject."),
        ({"body": ""}, "There is nothing in it."),
        ({"body": "One\n\nTwo {{ contact.salary }}"}, "Line 3: There is no field “contact.salary”"),
        ({"body": "{% for i in (1..9999999) %}x{% endfor %}"}, "Body"),
        ({"subject": "{{ first_nam }}"}, "is “contact.first_name” meant?"),
        ({"body": "{{ first_name | upcase | default: 'x' }}"}, "default"),
    ],
)
def test_faults_stand_at_their_place_and_what_was_typed_stays(
    client: Client, data: dict[str, str], words: str
) -> None:
    sound = {"name": "Kept name", "subject": "S", "body": "B"}
    response = client.post("/templates/new/", sound | data)
    assert response.status_code == 422
    page = text(response)
    assert words in page and 'aria-invalid="true"' in page
    assert "name" in data or "Kept name" in page
    assert not Template.objects.exists()


def test_a_name_that_is_taken_is_said(client: Client, manager: Member) -> None:
    write(manager)
    response = client.post("/templates/new/", {"name": "INTRO", "subject": "S", "body": "B"})
    assert response.status_code == 422 and "already" in text(response)


def test_a_change_makes_a_version(client: Client, manager: Member) -> None:
    made = write(manager)
    data = {"name": "Intro", "subject": "Hello", "body": "Other", "is_shared": "on"}
    client.post(f"/templates/{made.pk}/edit/", data)
    assert list(TemplateVersion.objects.order_by("number").values_list("number", flat=True)) == [1, 2]
    assert "version 2" in text(client.get(f"/templates/{made.pk}/"))


def test_saving_what_was_only_looked_at_makes_no_version(client: Client, manager: Member) -> None:
    made = write(manager, body="<p>Hi</p>\n<p>you\nthere</p>")
    data = {"name": "Intro", "subject": "Hello", "body": "Hi\r\n\r\nyou there", "is_shared": "on"}
    client.post(f"/templates/{made.pk}/edit/", data)
    assert TemplateVersion.objects.count() == 1


def test_a_rep_writes_personal_templates_and_changes_no_shared_ones(
    client: Client, manager: Member, sign_in: SignIn
) -> None:
    rep = make_member("sales_rep")
    own = sign_in(rep)
    own.post("/templates/new/", {"name": "Mine", "subject": "S", "body": "B", "is_shared": "on"})
    assert Template.objects.get(name="Mine").is_shared is False
    shared = write(manager)
    assert own.get(f"/templates/{shared.pk}/").status_code == 200
    assert own.get(f"/templates/{shared.pk}/edit/").status_code == 403
    assert own.post(f"/templates/{shared.pk}/archive/").status_code == 403
    assert client.get(f"/templates/{Template.objects.get(name='Mine').pk}/").status_code == 404


def test_a_copy_is_personal_and_edited_next(client: Client, manager: Member) -> None:
    made = write(manager)
    response = client.post(f"/templates/{made.pk}/copy/")
    copy = Template.objects.get(name="Intro (copy)")
    assert response["Location"] == f"/templates/{copy.pk}/edit/"
    assert (copy.is_shared, copy.owner) == (False, manager)


def test_archived_templates_have_a_tab_of_their_own(client: Client, manager: Member) -> None:
    made = write(manager)
    client.post(f"/templates/{made.pk}/archive/")
    assert f"/templates/{made.pk}/" not in text(client.get("/templates/"))
    assert "Intro" in text(client.get("/templates/", {"tab": "archived"}))
    client.post(f"/templates/{made.pk}/restore/")
    assert "Intro" in text(client.get("/templates/"))


def test_the_preview_is_what_a_contact_would_get(client: Client, manager: Member) -> None:
    ann = ContactFactory(first_name="Ann", last_name="Ott")
    ContactFactory(first_name="", last_name="Nameless")
    data = {"subject": "Hi {{ first_name | default: 'you' }}", "body": "Dear {{ first_name }}"}
    part = text(client.post("/templates/preview/", data | {"as": "ann"}))
    assert "Hi Ann" in part and "Dear Ann" in part and "<html" not in part
    part = text(client.post("/templates/preview/", data | {"as": "nameless"}))
    assert "Hi you" in part and "has no contact.first_name" in part
    made = write(manager)
    assert "Hi Ann" in text(client.get(f"/templates/{made.pk}/", {"contact": ann.pk}))


def test_the_preview_runs_nothing_and_loads_nothing(client: Client) -> None:
    ContactFactory()
    body = (
        '<p onclick="x()" style="color:red">A<script>alert(1)</script><img src="https://x.example/p.png"></p>'
    )
    part = text(client.post("/templates/preview/", {"subject": "<b>S</b>", "body": body}))
    assert "onclick" not in part and "<script" not in part and "<img" not in part and "style=" not in part
    assert "&lt;b&gt;S" in part


def test_a_preview_of_what_cannot_be_read_says_why(client: Client) -> None:
    ContactFactory()
    part = text(client.post("/templates/preview/", {"subject": "S", "body": "{% if %}"}))
    assert "It cannot be shown." in part and "Line 1" in part


def test_where_it_is_used_names_what_one_may_see(client: Client, manager: Member, sign_in: SignIn) -> None:
    made = write(manager)
    mine = create_sequence(name="Mine", by=manager, now=NOW)
    other = create_sequence(name="Secret", by=make_member("sales_rep"), now=NOW)
    for sequence in (mine, other):
        add_step(sequence=sequence, kind="email", by=sequence.owner, now=NOW, template=made)
    part = text(client.get(f"/sequences/panel/template/{made.pk}/"))
    assert "Mine" in part and "Secret" not in part and "1 sequence that you may not see" in part
    assert "2 sequences" in text(client.get("/templates/"))


def test_the_list_asks_a_bounded_number_of_questions(
    client: Client, manager: Member, django_assert_max_num_queries: Any
) -> None:
    for n in range(30):
        write(manager, f"Template {n}")
    with django_assert_max_num_queries(18):
        client.get("/templates/")


def test_the_placeholders_offer_every_record(client: Client) -> None:
    page = text(client.get("/templates/new/"))
    for path in ("contact.first_name", "account.name", "opportunity.amount", "sender.name"):
        assert f'data-insert="{path}"' in page


def test_two_who_write_at_once_lose_nothing(client: Client, manager: Member) -> None:
    template = write(manager)
    other = make_member("admin")
    path = f"/templates/{template.pk}/edit/"
    mark = re.findall(r'name="seen" value="([^"]*)"', text(client.get(path)))[0]
    save_template(
        by=other,
        name="Intro",
        subject="Theirs",
        body="<p>Hi {{ first_name }}</p>",
        template=template,
        now=NOW,
    )
    shown = {
        "name": "Intro",
        "subject": "Hello",
        "body": "Hi {{ first_name }}",
        "is_shared": "on",
        "seen": mark,
    }

    # Another place: both have their way.
    assert client.post(path, shown | {"body": "Mine {{ first_name }}"}).status_code == 302
    template.refresh_from_db()
    assert template.current is not None and template.current.subject == "Theirs"
    assert "Mine" in template.current.body

    # The same place: it is said, and what was typed stays.
    answer = client.post(path, shown | {"subject": "Our own"})
    assert answer.status_code == 422 and "Our own" in text(answer)
    assert "saved another subject here after you had opened this" in text(answer)
    mark = re.findall(r'name="seen" value="([^"]*)"', text(answer))[0]
    assert client.post(path, shown | {"subject": "Our own", "seen": mark}).status_code == 302
    template.refresh_from_db()
    assert template.current.subject == "Our own"
