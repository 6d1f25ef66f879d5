"""What the links in mails do, and what they do not (R-055 … R-059)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils.timezone import now

from activities.models import Fact
from audience.models import Suppression
from messaging import signals
from messaging.delivery import visit
from messaging.models import Mailbox, Message
from messaging.tokens import LONGEST_URL
from tenants.models import Tenant
from tenants.wall import use
from tests.apps.messaging.factories import heard, make_mailbox, make_mailing, make_message, make_version
from tests.factories import ContactFactory, make_tenant
from tests.sink import Sink

pytestmark = pytest.mark.django_db

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
URLS = [
    "https://x.example/a?b=1&c=2",
    "https://x.example/a?b=1&amp;c=2",
    "https://x.example/%26?q=a+b%20c#frag",
    "HTTPS://X.example/Path/?u=https://other.example/?z=1",
    "https://s3.example/o?X-Amz-Signature=abc%2Fdef&X-Amz-Date=20260504T080000Z",
    "http://user:pw@x.example:8080/",
    "https://x.example/" + "long/" * 800,
]


class Recipient:
    """Someone with a mail before them, and the programs that stand in between."""

    def __init__(self, tenant: Tenant, message: Message, html: str) -> None:
        self.tenant, self.message, self.html = tenant, message, html
        self.client = Client(headers={"User-Agent": FIREFOX})
        self.links = [p.replace("&amp;", "&") for p in re.findall(r'href="[^"]*?(/t/[^"]+)"', html)]
        (self.pixel,) = re.findall(r'src="[^"]*?(/t/[^"]+)"', html)
        (self.unsubscribe,) = set(re.findall(r"/u/[^\"&]+", html))

    def facts(self, **wanted: Any) -> list[Fact]:
        with use(self.tenant):
            return list(Fact.objects.filter(**wanted).exclude(kind="sent").order_by("pk"))

    def is_suppressed(self) -> bool:
        with use(self.tenant):
            return Suppression.objects.exists()


def receive(sink: Sink, tenant: Tenant, **contact: Any) -> Recipient:
    body = "".join(f'<p><a href="{url.replace("&", "&amp;")}">x</a></p>' for url in URLS)
    others = (
        '<p><a href="mailto:a@b.example">m</a><a href="tel:+491">t</a><a href="javascript:alert(1)">j</a></p>'
    )
    with use(tenant):
        mailbox = Mailbox.objects.first() or make_mailbox(sink.port)
        mailing = make_mailing(make_version("Hi", body + others))
        message = make_message(mailbox, mailing, ContactFactory(**contact))
    visit(tenant.pk, mailbox.pk, clock=now)
    html = sink.messages[-1].email.get_body(("html",))
    assert html is not None
    return Recipient(tenant, message, html.get_content())


@pytest.fixture
def ann(sink: Sink, db: None) -> Iterator[Recipient]:
    yield receive(sink, make_tenant(), email="ann@acme.example")


def test_r_058_every_link_leads_to_the_very_url_that_was_written(ann: Recipient) -> None:
    assert len(ann.links) == len(URLS)
    for link, url in zip(ann.links, URLS, strict=True):
        answer = ann.client.get(link)
        assert (answer.status_code, answer["Location"]) == (302, url)
        assert "no-store" in answer["Cache-Control"]
        assert not answer.cookies
    assert 'href="mailto:a@b.example"' in ann.html
    assert "javascript:" not in ann.html


def test_the_pixel_is_a_picture_and_an_open(ann: Recipient) -> None:
    said = heard(signals.opened)
    answer = ann.client.get(ann.pixel)
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/gif")
    assert [(f.kind, f.by_machine, f.message_id) for f in ann.facts()] == [("opened", False, ann.message.pk)]
    assert len(said) == 1
    ann.client.get(ann.pixel)
    assert len(ann.facts()) == 1, "the same again within a minute is the same"


def test_a_click_is_a_fact_with_its_url(ann: Recipient) -> None:
    said = heard(signals.clicked)
    ann.client.get(ann.links[0])
    (fact,) = ann.facts()
    assert (fact.kind, fact.data["url"], fact.data["n"]) == ("clicked", URLS[0], 0)
    assert said[0]["message_id"] == ann.message.pk


@pytest.mark.parametrize(
    "agent",
    ["", "Mozilla/5.0", "curl/8.1", "BarracudaCentral/1", "Slackbot-LinkExpanding 1.0", "Googlebot/2.1"],
)
def test_what_machines_open_and_click_is_stored_apart_and_moves_nothing(ann: Recipient, agent: str) -> None:
    said = [heard(signals.opened), heard(signals.clicked)]
    ann.client.get(ann.pixel, headers={"User-Agent": agent})
    assert ann.client.get(ann.links[0], headers={"User-Agent": agent})["Location"] == URLS[0]
    assert [(f.kind, f.by_machine) for f in ann.facts()] == [("opened", True), ("clicked", True)]
    assert said == [[], []]


def test_a_prefetch_is_a_machines(ann: Recipient) -> None:
    ann.client.get(ann.links[0], headers={"Sec-Purpose": "prefetch;prerender"})
    assert ann.facts()[0].data["machine"] == "prefetch"


def test_r_070_a_burst_right_after_the_sending_is_a_scanners_and_a_late_click_a_persons(
    ann: Recipient, settings: Any
) -> None:
    settings.MACHINE_SECONDS = 60
    for link in ann.links:
        ann.client.get(link)
    assert {f.data["machine"] for f in ann.facts()} == {"soon"}
    with use(ann.tenant):
        Message.objects.update(sent_at=now() - timedelta(minutes=10))
        Fact.objects.update(at=now() - timedelta(minutes=9))
    ann.client.get(ann.links[3])
    assert [f.data["n"] for f in ann.facts(by_machine=False)] == [3]


def long_ago(ann: Recipient) -> None:
    with use(ann.tenant):
        Message.objects.update(sent_at=now() - timedelta(minutes=10))


def test_two_links_at_once_are_a_burst_from_the_first_on(ann: Recipient, settings: Any) -> None:
    settings.MACHINE_SECONDS = 60
    long_ago(ann)
    taken_back = heard(signals.click_taken_back)
    ann.client.get(ann.links[0])
    assert [f.by_machine for f in ann.facts()] == [False]
    for link in ann.links[1:3]:
        ann.client.get(link)
    assert [(f.data["machine"], f.by_machine) for f in ann.facts()] == [("burst", True)] * 3
    assert [f.data["url"] for f in ann.facts()] == URLS[:3], "what was kept of them stays"
    assert taken_back == [{"message_id": ann.message.pk}]


@pytest.mark.parametrize("unsubscribe_first", [True, False])
def test_who_follows_a_link_and_the_one_for_unsubscribing_at_once_follows_all(
    ann: Recipient, settings: Any, unsubscribe_first: bool
) -> None:
    settings.MACHINE_SECONDS = 60
    long_ago(ann)
    links = [ann.unsubscribe, ann.links[0]] if unsubscribe_first else [ann.links[0], ann.unsubscribe]
    for link in links:
        ann.client.get(link)
    assert [(f.data["machine"], f.by_machine) for f in ann.facts()] == [("burst", True)]


def test_a_click_long_before_a_burst_stays_a_persons(ann: Recipient, settings: Any) -> None:
    settings.MACHINE_SECONDS = 60
    long_ago(ann)
    ann.client.get(ann.links[0])
    with use(ann.tenant):
        Fact.objects.update(at=now() - timedelta(minutes=5))
    taken_back = heard(signals.click_taken_back)
    for link in ann.links[1:4]:
        ann.client.get(link)
    assert [f.by_machine for f in ann.facts(kind="clicked")] == [False, True, True, True]
    assert taken_back == []


@pytest.mark.parametrize("agent", [FIREFOX, "Mozilla/5.0", "BarracudaCentral/1"])
def test_r_055_fetching_everything_unsubscribes_nobody(ann: Recipient, agent: str) -> None:
    for path in (ann.unsubscribe, ann.pixel, *ann.links):
        for method in ("get", "head", "options"):
            getattr(ann.client, method)(path, headers={"User-Agent": agent})
    assert not ann.is_suppressed()
    assert ann.facts(kind="unsubscribed") == []
    answer = ann.client.post(ann.unsubscribe, {"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    assert ann.is_suppressed(), "the token was not burned"


@pytest.mark.parametrize("form", ["multipart", "urlencoded"])
def test_r_056_one_click_acts_at_once_without_cookies_and_without_redirect(ann: Recipient, form: str) -> None:
    said = heard(signals.unsubscribed)
    client = Client(enforce_csrf_checks=True)
    body: dict[str, Any] = {"data": {"List-Unsubscribe": "One-Click"}}
    if form == "urlencoded":
        body = {"data": "List-Unsubscribe=One-Click", "content_type": "application/x-www-form-urlencoded"}
    for _ in range(2):
        answer = client.post(ann.unsubscribe, **body)
        assert answer.status_code == 200
        assert not answer.cookies
    assert len(said) == 1
    (fact,) = ann.facts()
    assert (fact.kind, fact.data["source"]) == ("unsubscribed", "one_click")
    with use(ann.tenant):
        assert Suppression.objects.get().address_norm == "ann@acme.example"


@pytest.mark.parametrize("body", [{}, {"List-Unsubscribe": "Two-Click"}, {"email": "ann@acme.example"}])
def test_r_056_a_wrong_body_does_nothing(ann: Recipient, body: dict[str, str]) -> None:
    assert ann.client.post(ann.unsubscribe, body).status_code == 400
    assert not ann.is_suppressed()


def test_the_page_asks_acts_and_undoes(ann: Recipient) -> None:
    page = ann.client.get(ann.unsubscribe)
    assert "a•••@acme.example" in page.text
    assert "ann@acme.example" not in page.text
    assert ann.tenant.name in page.text
    done = ann.client.post(ann.unsubscribe, {"do": "unsubscribe"})
    assert "You are unsubscribed" in done.text
    assert ann.is_suppressed()
    assert "Undo" in ann.client.get(ann.unsubscribe).text
    assert "Undone" in ann.client.post(ann.unsubscribe, {"do": "undo"}).text
    assert not ann.is_suppressed()
    assert [f.kind for f in ann.facts()] == ["unsubscribed", "resubscribed"]


def with_another_letter(token: str, n: int) -> str:
    letters = list(token)
    letters[n] = "y" if letters[n] == "x" else "x"
    return "".join(letters)


def test_r_057_no_other_token_does_anything_and_all_get_the_same_answer(ann: Recipient, sink: Sink) -> None:
    bob = receive(sink, make_tenant(), email="bob@acme.example")
    token = ann.links[0].removeprefix("/t/")
    wrong = {with_another_letter(token, n) for n in range(len(token))}
    wrong |= {ann.unsubscribe.removeprefix("/u/"), "1.1.c.0." + "A" * 24, "x", token + "A"}
    signature = bob.links[0].rpartition(".")[2]
    wrong.add(token.rpartition(".")[0] + "." + signature)
    answers = {(a.status_code, a.content) for a in (ann.client.get(f"/t/{w}") for w in wrong)}
    assert len(answers) == 1
    assert answers.pop()[0] == 404
    forged = with_another_letter(bob.unsubscribe.removeprefix("/u/"), -1)
    for other in (token, ann.pixel.removeprefix("/t/"), forged):
        assert ann.client.post(f"/u/{other}", {"List-Unsubscribe": "One-Click"}).status_code == 404
    assert ann.facts() == bob.facts() == []


@pytest.mark.parametrize(
    "extra", ["?url=//evil.example", "?u=https://evil.example", "/", "%0d%0aSet-Cookie:a=b"]
)
def test_r_059_a_link_leaves_the_stored_set_for_nobody(ann: Recipient, extra: str) -> None:
    answer = ann.client.get(ann.links[0] + extra)
    assert answer.get("Location", URLS[0]) == URLS[0]
    assert "evil" not in str(answer.headers)


def test_2_22_unsubscribing_holds_for_the_address_in_the_whole_workspace_and_nowhere_else(
    ann: Recipient, sink: Sink
) -> None:
    elsewhere = receive(sink, make_tenant(), email="ann@acme.example")
    ann.client.post(ann.unsubscribe, {"do": "unsubscribe"})
    before = len(sink.messages)
    with use(ann.tenant):
        mailbox = Mailbox.objects.get()
        make_message(mailbox, contact=ContactFactory(email="ANN@acme.example"))
    visit(ann.tenant.pk, mailbox.pk, clock=now)
    assert len(sink.messages) == before
    assert not elsewhere.is_suppressed()


def test_a_link_leads_to_its_target_when_its_contact_is_deleted(ann: Recipient) -> None:
    """The mail is with them still; what is too long for a token is gone."""
    with use(ann.tenant):
        ann.message.contact.delete()
        assert not Message.objects.exists()
    for link, url in zip(ann.links, URLS, strict=True):
        answer = ann.client.get(link)
        if len(url) > LONGEST_URL:
            assert answer.status_code == 404
        else:
            assert (answer.status_code, answer["Location"]) == (302, url)
            assert ann.client.get(link.replace(".c.", ".c.9", 1)).status_code == 404
    assert ann.client.get(ann.pixel).status_code == 404
    assert ann.facts() == []


def test_who_was_deleted_can_still_unsubscribe_and_stays_so_after_an_import(ann: Recipient) -> None:
    with use(ann.tenant):
        ann.message.contact.delete()
        assert not Message.objects.exists()
    assert "a•••@acme.example" in ann.client.get(ann.unsubscribe).text
    answer = ann.client.post(ann.unsubscribe, {"List-Unsubscribe": "One-Click"})
    assert (answer.status_code, ann.is_suppressed()) == (200, True)
    with use(ann.tenant):
        assert Suppression.objects.get().address_norm == "ann@acme.example"
    assert "You are unsubscribed" in ann.client.get(ann.unsubscribe).text
    assert "Undone" in ann.client.post(ann.unsubscribe, {"do": "undo"}).text
    assert not ann.is_suppressed()
