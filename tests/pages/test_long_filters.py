"""Filters that are longer than an address may be: kept under a key, the same for whoever asks the same."""

from __future__ import annotations

import html
import re
import urllib.error
import urllib.request
from datetime import timedelta
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.test import Client

from audience import kept
from audience.models import Contact, ContactTag, KeptFilter, RecordJob, SavedView
from audience.tasks import work_records
from tenants.models import Tenant
from tenants.wall import use
from tests.factories import NOW, ContactFactory, make_member, make_tenant
from tests.pages.signing_in import sign_in
from tests.pages.somebody import Somebody, names, words
from tests.processes import Running

pytestmark = pytest.mark.django_db

MANY = "\n".join(f"person-{n}@somewhere.example" for n in range(2_000))


@pytest.fixture
def me(client: Client) -> Somebody:
    return Somebody(client, make_tenant())


def conditions(values: str = MANY, **more: str) -> dict[str, str]:
    """What the builder posts for *email is one of these*: 60 KB."""
    row = {"cond-0-field": "email", "cond-0-op": "in", "cond-0-value": values}
    return {"cond-match": "all", **row, **more}


def two_of_three(tenant: Tenant) -> None:
    with use(tenant):
        ContactFactory(first_name="Ann", last_name="A", email="person-7@somewhere.example")
        ContactFactory(first_name="Ben", last_name="B", email="person-1999@somewhere.example")
        ContactFactory(first_name="Cas", last_name="C", email="person-2000@somewhere.example")


def asked_for(me: Somebody, **more: str) -> str:
    """The address to which the builder leads."""
    answer = me.client.post("/contacts/", conditions(**more))
    assert answer.status_code == 302
    return str(answer["Location"])


def test_a_filter_of_two_thousand_addresses_has_a_short_address(me: Somebody) -> None:
    two_of_three(me.tenant)
    address = asked_for(me, sort="name", owner="")
    assert re.fullmatch(r"/contacts/\?sort=name&owner=&filter=[0-9a-f]{32}", address)
    page = me.get(address)
    assert names(page) == ["Ann A", "Ben B"]
    assert "csrfmiddlewaretoken=" not in page and len(max(re.findall(r'href="([^"]*)"', page), key=len)) < 400
    assert names(me.get(f"{address}&q=ben")) == ["Ben B"]
    panel = me.get(f"{address}&panel=filter")
    assert "person-1234@somewhere.example" in panel, "the builder opens with what was built"
    assert asked_for(me, sort="name", owner="") == address, "the same again has the same address"
    with use(me.tenant):
        assert KeptFilter.objects.count() == 1


def test_a_filter_that_fits_stands_in_its_address(me: Somebody) -> None:
    answer = me.client.post("/contacts/", conditions("a@b.example", view="", csrfmiddlewaretoken="x"))
    assert answer["Location"] == f"/contacts/?{urlencode(conditions('a@b.example', view=''))}"
    with use(me.tenant):
        assert not KeptFilter.objects.exists()


def test_a_long_address_leads_to_its_short_one(me: Somebody) -> None:
    two_of_three(me.tenant)
    values = "\n".join(MANY.splitlines()[:100])
    answer = me.client.get(f"/contacts/?{urlencode(conditions(values))}")
    assert answer.status_code == 302 and "?filter=" in answer["Location"]
    assert names(me.get(answer["Location"])) == ["Ann A"]


def test_a_button_of_the_builder_keeps_what_is_long(me: Somebody) -> None:
    answer = me.client.post("/contacts/", conditions() | {"cond-add": "1"})
    assert "panel=filter" in answer["Location"] and len(answer["Location"]) < 200
    panel = me.get(answer["Location"])
    assert "person-1999@somewhere.example" in panel and 'name="cond-1-field"' in panel


def test_all_that_match_a_long_filter_are_done_and_the_job_leads_back(me: Somebody) -> None:
    two_of_three(me.tenant)
    page = me.get(asked_for(me))
    found = next(
        value for value in re.findall(r'name="filter" value="([^"]*)"', page) if value.startswith("filter=")
    )
    form = {"do": "add_tag", "everyone": "1", "filter": html.unescape(found)}
    said = words(me.client.post("/contacts/bulk/", form).content.decode())
    assert "2 people" in said
    answer = me.client.post("/contacts/bulk/", form | {"confirm": "1", "tags": "Fair"})
    with use(me.tenant):
        job = RecordJob.objects.get()
        KeptFilter.objects.all().delete()  # a job stands on its own
    work_records(me.tenant.pk, job.pk)
    with use(me.tenant):
        assert sorted(ContactTag.objects.values_list("record__first_name", flat=True)) == ["Ann", "Ben"]
    page = me.get(answer["Location"])
    (back,) = re.findall(r'href="(/contacts/\?[^"]*)"', page)
    assert names(me.get(html.unescape(back))) == ["Ben B", "Ann A"]


def test_a_long_filter_is_saved_as_a_view(me: Somebody) -> None:
    two_of_three(me.tenant)
    query = asked_for(me).partition("?")[2]
    assert me.client.post(f"/views/new/?record=contact&{query}", {"name": "Fair"}).status_code == 302
    with use(me.tenant):
        view = SavedView.objects.get()
        assert len(view.conditions[0]["value"]) == 2_000
    assert names(me.get(f"/contacts/?view={view.pk}")) == ["Ben B", "Ann A"]
    narrower = me.client.post("/contacts/", conditions("person-7@somewhere.example", view=str(view.pk)))
    assert names(me.get(narrower["Location"])) == ["Ann A"]


def test_a_filter_that_is_gone_never_means_everybody(me: Somebody) -> None:
    two_of_three(me.tenant)
    address = asked_for(me)
    with use(me.tenant):
        assert kept.sweep(now=NOW) == 0
        KeptFilter.objects.all().delete()
    answer = me.client.get(address, follow=True)
    assert "no longer kept" in answer.content.decode()
    form = {"do": "delete", "everyone": "1", "filter": address.partition("?")[2], "confirm": "1"}
    assert me.client.post("/contacts/bulk/", form).status_code == 404
    assert me.client.get(f"/views/new/?record=contact&{address.partition('?')[2]}").status_code == 404
    with use(me.tenant):
        assert Contact.objects.count() == 3 and not RecordJob.objects.exists()


def test_filters_that_nobody_used_for_long_are_thrown_away(me: Somebody) -> None:
    address = asked_for(me)
    with use(me.tenant):
        KeptFilter.objects.update(used_on=(NOW - timedelta(days=91)).date())
        assert kept.sweep(now=NOW - timedelta(days=1)) == 0
    me.get(address)  # it is used again
    with use(me.tenant):
        assert kept.sweep(now=NOW) == 0
        KeptFilter.objects.update(used_on=(NOW - timedelta(days=91)).date())
        assert kept.sweep(now=NOW) == 1


def test_a_key_is_of_one_workspace_and_shows_each_what_they_may_see(me: Somebody) -> None:
    two_of_three(me.tenant)
    address = asked_for(me)
    stranger = Somebody(Client(), make_tenant())
    assert stranger.client.get(address).status_code == 302, "their workspace has no such filter"
    with use(me.tenant):
        rep = make_member("sales_rep")
        Contact.objects.filter(first_name="Ann").update(owner=rep)
    client = Client()
    client.force_login(rep.user)
    everyone = names(client.get(address).content.decode())
    assert "Ann A" in everyone and set(everyone) <= {"Ann A", "Ben B"}


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_the_server_that_people_meet_takes_a_long_filter(tmp_path: Path) -> None:
    """Gunicorn, as production and `make run` start it: no line of a request comes near its limit."""
    tenant, client = make_tenant(), Client()
    sign_in(client, tenant)
    two_of_three(tenant)
    jar = CookieJar()
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    session = client.cookies[settings.SESSION_COOKIE_NAME].value

    def ask(path: str, data: bytes | None = None) -> tuple[str, str]:
        cookies = "".join(f"; {cookie.name}={cookie.value}" for cookie in jar)
        opener.addheaders = [("Cookie", f"{settings.SESSION_COOKIE_NAME}={session}{cookies}")]
        with opener.open(urllib.request.Request(running.address + path, data), timeout=60) as answer:
            return answer.geturl(), answer.read().decode()

    with Running(tmp_path, "web") as running:
        _, page = ask("/contacts/?panel=filter")
        token = re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)[0]
        form = urlencode(conditions(csrfmiddlewaretoken=token)).encode()
        address, page = ask("/contacts/", form)
        with pytest.raises(urllib.error.HTTPError) as beyond:
            ask(f"/contacts/?{urlencode(conditions(MANY[:9_000]))}")
    assert beyond.value.code == 414 and "build the filter there" in beyond.value.read().decode()
    assert len(address) < 120 and names(page) == ["Ben B", "Ann A"]
