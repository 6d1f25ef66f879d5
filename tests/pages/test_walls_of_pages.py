"""R-071: no page of the product shows or changes what is not for who asks.

All routes of the product are gone through, each verb. A route that is added needs nothing here, unless it is public, is
for every member, or has an argument that is not known yet: then a test fails and says which table to add it to.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RegexPattern

from activities.models import Reminder
from audience.catalogue import make_field
from audience.conditions.types import FieldType
from audience.models import CustomField, ImportJob, ImportMapping, RecordJob, SavedView
from messaging.commands.sending import stop_sending
from sequences.commands.editing import create_sequence
from sequences.commands.planning import add_step
from tenants.models import Member, Role, Tenant
from tenants.wall import use
from tests.apps.messaging.factories import make_mailbox, make_message, make_version
from tests.factories import NOW, AccountFactory, ContactFactory, OpportunityFactory, make_member, make_tenant

pytestmark = pytest.mark.django_db

VERBS = ("GET", "POST", "PUT", "DELETE")
LOGINS = ("/accounts/login/", "/admin/login/")

PUBLIC = {
    *("account_login", "account_logout", "account_inactive", "account_signup", "account_reset_password"),
    *("account_reset_password_done", "account_reset_password_from_key", "account_confirm_email"),
    *("account_reset_password_from_key_done", "account_email_verification_sent"),
    *("account_confirm_login_code", "admin:login", "admin:jsi18n"),
    *("demo:inbox", "demo:json", "demo:mail", "demo:body", "demo:react", "gallery/"),
    *("track", "unsubscribe"),
}
"""Routes that need no sign-in, by name (without one: by their pattern). Each has tests of its own for what it gives."""

FOR_EVERY_MEMBER = {"home", "settings", "profile", "workspace-switch"}
"""Routes of members that no role can be without."""

OUTSIDE = ("accounts/", "admin/", "demo/", "gallery/", "t/", "u/")
"""What is not for members of a workspace: one's account, operators, recipients, the demonstration."""


def make_contact() -> int:
    return ContactFactory().pk


def make_account() -> int:
    return AccountFactory().pk


def make_import() -> int:
    return ImportJob.objects.create(file_name="people.csv", owner=Member.objects.first(), made_at=NOW).pk


def make_job() -> int:
    owner = Member.objects.first()
    return RecordJob.objects.create(record="contact", verb="export", said="x", owner=owner, made_at=NOW).pk


def make_view() -> int:
    owner = Member.objects.first()
    return SavedView.objects.create(name=f"View {SavedView.objects.count()}", owner=owner).pk


def make_own_field() -> int:
    return make_field("contact", f"field_{CustomField.objects.count()}", FieldType.TEXT).pk


def make_mapping() -> int:
    return ImportMapping.objects.create(name="HubSpot", owner=Member.objects.first(), saved_at=NOW).pk


def make_sequence() -> int:
    owner = Member.objects.filter(role__key="admin").first()
    assert owner
    sequence = create_sequence(name=f"Sequence of {owner.tenant_id}", by=owner, now=NOW)
    add_step(sequence=sequence, kind="call", by=owner, now=NOW)
    return sequence.pk


def make_reminder() -> int:
    return Reminder.objects.create(contact=ContactFactory(), kind="task", made_at=NOW, due_at=NOW).pk


OBJECTS: dict[tuple[str, str], Callable[[], int]] = {
    ("contacts/", "pk"): make_contact,
    ("companies/", "pk"): make_account,
    ("opportunities/", "pk"): lambda: OpportunityFactory().pk,
    ("imports/", "pk"): make_import,
    ("imports/mappings/", "mapping_id"): make_mapping,
    ("sequences/panel/contact/", "pk"): make_contact,
    ("sequences/", "contact_id"): make_contact,
    ("sequences/", "pk"): make_sequence,
    ("reminders/", "pk"): make_reminder,
    ("messages/", "pk"): lambda: make_message().pk,
    ("templates/", "pk"): lambda: make_version().template_id,
    ("jobs/", "pk"): make_job,
    ("views/", "pk"): make_view,
    ("settings/fields/", "pk"): make_own_field,
    ("settings/members/", "member_id"): lambda: make_member().pk,
    ("settings/roles/", "role_id"): lambda: Role.objects.create(name="Custom").pk,
    ("settings/mailboxes/", "mailbox_id"): lambda: make_mailbox().pk,
}
"""How to make what an argument of a route names: (how the route begins, the argument) → its id. The first fits."""

WORDS = {"place": "exit", "name": "details", "key": "s1", "number": "1"}
"""Arguments that are no ids, and a good value."""

UNKNOWN = 999_999_999
TOKENS = re.compile(r'(?<=csrfmiddlewaretoken" value=")\w+|(?<=X-CSRFToken": ")\w+')


@dataclass(frozen=True)
class Route:
    """One route: its pattern as written, its name with its namespace, its arguments."""

    pattern: str
    name: str
    arguments: tuple[str, ...]

    def __str__(self) -> str:
        return f"/{self.pattern}"

    @property
    def is_for_members(self) -> bool:
        return not self.pattern.startswith(OUTSIDE)

    def maker(self, argument: str) -> Callable[[], int] | None:
        """How to make the object that an argument names; None for a word. Fails for what is not known."""
        for (begins, name), make in OBJECTS.items():
            if name == argument and self.pattern.startswith(begins):
                return make
        if argument not in WORDS:
            pytest.fail(
                f"{self} has the argument {argument!r}, which test_walls_of_pages does not know: say in OBJECTS how to"
                f" make the object that it names, or in WORDS what a good value is"
            )
        return None

    def path(self, ids: dict[tuple[str, str], int]) -> str:
        found = f"/{self.pattern}"
        for argument in self.arguments:
            value = ids.get((self.pattern, argument), WORDS.get(argument))
            found = re.sub(rf"<(\w+:)?{argument}>", str(value), found)
        assert "<" not in found, found
        return found


def walk(resolver: URLResolver, before: str = "", space: str = "") -> Iterator[Route]:
    for entry in resolver.url_patterns:
        pattern = before + _written(entry)
        if isinstance(entry, URLResolver):
            yield from walk(entry, pattern, f"{entry.namespace}:" if entry.namespace else space)
        elif isinstance(entry, URLPattern):
            arguments = tuple(re.findall(r"<(?:\w+:)?(\w+)>", pattern))
            yield Route(pattern, f"{space}{entry.name}" if entry.name else pattern, arguments)


def _written(entry: URLPattern | URLResolver) -> str:
    """The pattern in angle brackets, also of a regular expression."""
    if not isinstance(entry.pattern, RegexPattern):
        return str(entry.pattern)
    plain = re.sub(r"\(\?P<(\w+)>(?:[^()]|\([^()]*\))*\)", r"<\1>", str(entry.pattern))
    return plain.removeprefix("^").removesuffix("$").removesuffix("/?")


ROUTES = list(walk(get_resolver()))
FOR_MEMBERS = [route for route in ROUTES if route.is_for_members]


@pytest.fixture
def mine() -> Tenant:
    return with_admin("mine")


@pytest.fixture
def theirs() -> Tenant:
    return with_admin("theirs")


def with_admin(slug: str) -> Tenant:
    tenant = make_tenant(slug)
    with use(tenant):
        make_member("admin", f"admin@{slug}.example")
    return tenant


def signed_in(tenant: Tenant, role: str = "admin") -> Client:
    client = Client(raise_request_exception=False)
    with use(tenant):
        client.force_login(Member.objects.select_related("user").get(role__key=role).user)
    return client


def ids_in(tenant: Tenant) -> dict[tuple[str, str], int]:
    """An object of this tenant for each argument of each route that names one."""
    made: dict[Callable[[], int], int] = {}
    found = {}
    with use(tenant):
        for route in FOR_MEMBERS:
            for argument in route.arguments:
                if make := route.maker(argument):
                    made.setdefault(make, 0)
                    made[make] = made[make] or make()
                    found[route.pattern, argument] = made[make]
    return found


def rows_of(*tenants: Tenant) -> dict[str, str]:
    """A figure for the rows of each table, as these tenants see them."""
    found = {}
    for tenant in tenants:
        with use(tenant), connection.cursor() as cursor:
            cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
            for (table,) in cursor.fetchall():
                if table == "django_session":
                    continue
                cursor.execute(
                    f'SELECT md5(string_agg(t::text, chr(10) ORDER BY t::text)) FROM "{table}" AS t'
                )
                found[f"{table} of {tenant.slug}"] = cursor.fetchone()[0]
    return found


def test_another_tenants_object_answers_as_one_that_does_not_exist(mine: Tenant, theirs: Tenant) -> None:
    foreign = ids_in(theirs)
    unknown = dict.fromkeys(foreign, UNKNOWN)
    client = signed_in(mine)
    before = rows_of(mine, theirs)
    wrong = []
    for route in (
        route for route in FOR_MEMBERS if any((route.pattern, a) in foreign for a in route.arguments)
    ):
        seen = set()
        for verb in VERBS:
            there, nowhere = (client.generic(verb, route.path(ids)) for ids in (foreign, unknown))
            seen.add(there.status_code)
            same = TOKENS.sub("", there.text) == TOKENS.sub("", nowhere.text)
            if there.status_code not in (404, 405) or nowhere.status_code != there.status_code or not same:
                wrong.append(f"{verb} {route}: {there.status_code}, of an unknown one {nowhere.status_code}")
        if 404 not in seen:
            wrong.append(f"{route} never says 404")
    assert wrong == []
    assert rows_of(mine, theirs) == before


def test_each_route_is_behind_the_sign_in_or_named_as_public(mine: Tenant) -> None:
    ids = ids_in(mine)
    before = rows_of(mine)
    wrong = []
    for route in (route for route in ROUTES if route.name not in PUBLIC):
        path = route.path(ids) if route.is_for_members else re.sub(r"<[^>]*>", "1", f"/{route.pattern}")
        for verb in ("GET", "POST") if route.is_for_members else ("GET",):
            answer = Client(raise_request_exception=False).generic(verb, path)
            if not _asks_to_sign_in(answer):
                wrong.append(f"{verb} {route} ({route.name}): {answer.status_code}")
    assert wrong == [], "add it to PUBLIC if it is meant to be"
    assert rows_of(mine) == before


def _asks_to_sign_in(answer: Any) -> bool:
    """It leads to the sign-in; a form is answered by its page itself, which carries what was typed."""
    if answer.status_code == 302:
        return bool(answer["Location"].startswith(LOGINS))
    is_form = answer.request["REQUEST_METHOD"] == "POST" and answer.status_code == 200
    return is_form and "<title>Sign in" in answer.text and 'name="password"' in answer.text


def test_what_is_named_as_public_exists() -> None:
    assert PUBLIC - {route.name for route in ROUTES} == set()
    assert FOR_EVERY_MEMBER - {route.name for route in ROUTES} == set()


def test_who_may_nothing_sees_and_changes_nothing(mine: Tenant) -> None:
    with use(mine):
        Role.objects.create(name="Nothing", key="nothing", permissions={})
        make_member("nothing")
    ids = ids_in(mine)
    client = signed_in(mine, "nothing")
    before = rows_of(mine)
    wrong = []
    for route in (route for route in FOR_MEMBERS if route.name not in FOR_EVERY_MEMBER):
        answers = {verb: client.generic(verb, route.path(ids)).status_code for verb in VERBS}
        if not set(answers.values()) <= {403, 405} or 403 not in answers.values():
            wrong.append(f"{route}: {answers}")
    assert wrong == [], "guard it with tenants.access.requires, or add it to FOR_EVERY_MEMBER"
    assert rows_of(mine) == before


def test_who_may_nothing_gets_along_with_what_is_for_everybody(mine: Tenant) -> None:
    with use(mine):
        Role.objects.create(name="Nothing", key="nothing", permissions={})
        make_member("nothing")
    client = signed_in(mine, "nothing")
    for path in ("/", "/settings/", "/settings/profile/", "/accounts/password/change/"):
        assert client.get(path, follow=True).status_code == 200


def test_a_stop_of_all_sending_and_the_way_to_the_switch_stand_on_every_page(mine: Tenant) -> None:
    """Also where they may not go and where nothing is; not in parts of pages."""
    with use(mine):
        stop_sending(reason="The wrong template", by=Member.objects.get(role__key="admin"), now=NOW)
        Role.objects.create(name="Nothing", key="nothing", permissions={"sending.stop": "own"})
        make_member("nothing")
    client, ids = signed_in(mine, "nothing"), ids_in(mine)
    paths = ["/nowhere/", *(route.path(ids) for route in FOR_MEMBERS)]
    pages = {path: client.get(path, follow=True).getvalue().decode(errors="replace") for path in paths}
    whole = {path: page for path, page in pages.items() if "</html>" in page}
    assert len(whole) > 50
    for wanted in ("The wrong template", 'href="/settings/sending/"'):
        assert [path for path, page in whole.items() if wanted not in page] == []
