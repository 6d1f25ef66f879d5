"""Signing in and out, resetting a password, and the pages of errors."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.contrib.auth.decorators import login_not_required
from django.core import mail
from django.core.exceptions import BadRequest, PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import path

from config import urls as the_handlers
from config.urls import urlpatterns as the_apps
from messaging.models import Template
from tenants.models import Tenant
from tenants.wall import use
from tests.browser import NewPage, violations
from tests.factories import make_member, make_tenant
from tests.pages.test_gallery import SPREAD

PASSWORD = "correct horse battery staple"


@pytest.fixture
def maya(db: None) -> Tenant:
    """A tenant with one member, maya@us.example."""
    tenant = make_tenant()
    with use(tenant):
        user = make_member("sales_manager", "maya@us.example").user
        user.set_password(PASSWORD)
        user.save()
    return tenant


@login_not_required
def trouble(request: HttpRequest, kind: str) -> HttpResponse:
    raise {
        "400": BadRequest("odd"),
        "403": PermissionDenied("Your role does not permit: import."),
        "500": RuntimeError("secret detail"),
    }[kind]


handler403, handler404 = the_handlers.handler403, the_handlers.handler404
urlpatterns = [*the_apps, path("trouble/<kind>", trouble)]


def test_a_member_signs_in_and_out(client: Client, maya: Tenant) -> None:
    page = client.get("/accounts/login/")
    assert "Sign in" in page.text
    assert "Sign up" not in page.text
    answer = client.post("/accounts/login/", {"login": "maya@us.example", "password": PASSWORD})
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert "Stay signed in" in client.get("/accounts/logout/").text
    client.post("/accounts/logout/")
    assert client.get("/accounts/password/change/").status_code == 302


def test_a_wrong_password_is_said_at_its_form(client: Client, maya: Tenant) -> None:
    answer = client.post("/accounts/login/", {"login": "maya@us.example", "password": "wrong"})
    assert answer.status_code == 200
    assert 'role="alert"' in answer.text


def test_a_password_is_reset_by_a_link_that_works_once(client: Client, maya: Tenant) -> None:
    answer = client.post("/accounts/password/reset/", {"email": "maya@us.example"}, follow=True)
    assert "Look into your mail" in answer.text
    [letter] = mail.outbox
    assert letter.subject == "Set a new password for Stepwise"
    [link] = re.findall(r"https?://\S+", letter.body)
    form = client.get(link, follow=True)
    assert "Set a new password" in form.text
    there = form.redirect_chain[-1][0]
    new = "a quite different phrase 7"
    done = client.post(there, {"password1": new, "password2": new}, follow=True)
    assert "Your password is set" in done.text
    assert client.post("/accounts/login/", {"login": "maya@us.example", "password": new}).status_code == 302
    assert "This link is used up" in Client().get(link, follow=True).text


def test_a_stranger_gets_no_mail_and_learns_nothing(client: Client, db: None) -> None:
    answer = client.post("/accounts/password/reset/", {"email": "nobody@else.example"}, follow=True)
    assert "Look into your mail" in answer.text
    assert mail.outbox == []


def test_nobody_signs_up(client: Client, db: None) -> None:
    assert "By invitation" in client.get("/accounts/signup/").text


def test_a_member_changes_the_password_within_the_shell(client: Client, maya: Tenant) -> None:
    client.post("/accounts/login/", {"login": "maya@us.example", "password": PASSWORD})
    page = client.get("/accounts/password/change/")
    assert maya.name in page.text
    assert "Sign out" in page.text
    answer = client.post(
        "/accounts/password/change/", {"oldpassword": "no", "password1": "x", "password2": "y"}
    )
    assert answer.text.count('class="error"') >= 2


def test_a_member_sees_the_devices_signed_in(client: Client, maya: Tenant) -> None:
    client.post("/accounts/login/", {"login": "maya@us.example", "password": PASSWORD})
    page = client.get("/accounts/sessions/", headers={"user-agent": "Mozilla (X11; Linux) Firefox/140"})
    assert "Firefox on Linux" in page.text or "A browser" in page.text
    assert "1 device signed in" in page.text


def test_pages_that_we_did_not_draw_stand_in_our_frame(client: Client, maya: Tenant) -> None:
    client.post("/accounts/login/", {"login": "maya@us.example", "password": PASSWORD})
    for address in ("/accounts/confirm-email/",):
        page = client.get(address, follow=True)
        assert page.status_code == 200
        assert "entrance" in page.text


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("400", "does not work"),
        ("403", "Your role does not permit: import."),
        ("500", "Something broke"),
        ("404", "does not exist"),
    ],
)
@override_settings(ROOT_URLCONF="tests.pages.test_entrance")
def test_errors_have_pages_that_say_what_to_do_and_no_more(db: None, kind: str, said: str) -> None:
    answer = Client(raise_request_exception=False).get(f"/trouble/{kind}" if kind != "404" else "/nowhere/")
    if kind == "404" and answer.status_code == 302:  # a stranger is asked to sign in first
        pytest.fail("an unknown address leads to the sign-in")
    assert answer.status_code == int(kind)
    assert said in answer.text
    assert "secret" not in answer.text


@override_settings(ROOT_URLCONF="tests.pages.test_entrance")
def test_a_form_of_an_old_page_is_explained(db: None) -> None:
    answer = Client(enforce_csrf_checks=True).post("/accounts/login/", {})
    assert answer.status_code == 403
    assert "open for too long" in answer.text


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("width", "dark"), SPREAD)
def test_axe_finds_nothing_at_the_entrance(
    live_server: Any, new_page: NewPage, width: int, dark: bool
) -> None:
    page = new_page(live_server.url, width=width, dark=dark)
    page.goto("/accounts/login/")
    page.get_by_label("Email").fill("maya@us.example")
    page.get_by_label("Password", exact=True).fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("alert").wait_for()
    assert violations(page) == []
    page.goto("/accounts/password/reset/")
    assert violations(page) == []


# --- Signed out while typing --------------------------------------------------------------------------------------

CREDENTIALS = {"login": "maya@us.example", "password": PASSWORD}


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, name
    return html.unescape(found[1])


def test_what_was_typed_before_the_session_ended_is_there_after_the_sign_in(
    client: Client, maya: Tenant
) -> None:
    form = {"name": "Long work", "subject": "Hello & <b>", "body": "Hours\r\nof writing", "is_shared": "on"}
    page = client.post("/templates/new/", form, headers={"Referer": "http://testserver/templates/new/"}).text
    assert "You were signed out." in page and hidden(page, "next") == "/templates/new/"

    # A wrong password does not lose it either.
    parked = {"parked": hidden(page, "parked"), "next": "/templates/new/"}
    page = client.post("/accounts/login/", CREDENTIALS | parked | {"password": "wrong"}).text
    assert hidden(page, "parked") == parked["parked"]

    page = client.post("/accounts/login/", CREDENTIALS | parked).text
    assert "Not saved yet" in page and 'action="/templates/new/"' in page
    again = {name: hidden(page, name) for name in form}
    assert again == form
    answer = client.post("/templates/new/", again)
    with use(maya):
        assert answer["Location"] == f"/templates/{Template.objects.get(name='Long work').pk}/"


def test_a_sign_in_after_a_form_leads_to_a_page_and_not_to_where_it_was_sent(
    client: Client, maya: Tenant
) -> None:
    headers = {"Referer": "http://testserver/sequences/7/edit/?open=timing"}
    page = client.post("/sequences/7/edit/timing/", {"run_time": "09:00"}, headers=headers).text
    assert hidden(page, "next") == "/sequences/7/edit/?open=timing"
    page = client.post("/sequences/7/edit/timing/", {}, headers={"Referer": "https://evil.example/x"}).text
    assert hidden(page, "next") == "/"


def test_files_and_passwords_are_not_carried_through_the_sign_in(client: Client, maya: Tenant) -> None:
    headers = {"Referer": "http://testserver/settings/mailboxes/new/"}
    answer = client.post("/settings/mailboxes/new/", {"password": "secret-word"}, headers=headers)
    assert answer["Location"] == "/accounts/login/?next=%2Fsettings%2Fmailboxes%2Fnew%2F"
    answer = client.post("/imports/new/", {"file": SimpleUploadedFile("a.csv", b"Email\n")}, headers=headers)
    assert answer.status_code == 302


@pytest.mark.parametrize("parked", ["", "nonsense", "W10:1abc:def"])
def test_what_we_have_not_signed_is_not_carried(client: Client, maya: Tenant, parked: str) -> None:
    answer = client.post("/accounts/login/", CREDENTIALS | {"parked": parked})
    assert (answer.status_code, answer["Location"]) == (302, "/")
