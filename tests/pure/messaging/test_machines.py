"""Which opens and clicks are a machine's: each rule with what it was made for, and what must stay a person's."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from messaging.machines import RULES, SAID, Glimpse, why_machine

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148"
OUTLOOK = (
    "Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 10.0; WOW64; Trident/7.0; Microsoft Outlook 16.0.17928; ms-office; "
    "MSOffice 16)"
)
CUBOT = "Mozilla/5.0 (Linux; Android 11; CUBOT NOTE 20) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Mobile"
"""A telephone."""
GMAIL = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"
YAHOO = "YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html"
SOON = timedelta(seconds=5)
OPEN = Glimpse(False, "GET", {"User-Agent": FIREFOX}, timedelta(minutes=10), SOON)
CLICK = replace(OPEN, is_click=True)


def by(agent: str) -> dict[str, dict[str, str]]:
    return {"headers": {"User-Agent": agent}}


@pytest.mark.parametrize("agent", [FIREFOX, IPHONE, OUTLOOK, CUBOT, GMAIL, YAHOO])
def test_what_people_open_with_is_a_persons(agent: str) -> None:
    assert why_machine(replace(OPEN, **by(agent))) == ""


@pytest.mark.parametrize("agent", [FIREFOX, IPHONE, OUTLOOK, CUBOT])
def test_what_people_click_with_is_a_persons(agent: str) -> None:
    assert why_machine(replace(CLICK, **by(agent))) == ""


@pytest.mark.parametrize(
    ("agent", "rule"),
    [
        ("", "no_agent"),
        ("  ", "no_agent"),
        ("BarracudaCentral/1.0", "scanner"),
        ("Mozilla/5.0 (compatible; Proofpoint URL Defense)", "scanner"),
        ("Mimecast-URL-Protect", "scanner"),
        ("CiscoSecureEmail", "scanner"),
        ("Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)", "preview"),
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "preview"),
        ("facebookexternalhit/1.1", "preview"),
        ("WhatsApp/2.23", "preview"),
        ("curl/8.1.2", "library"),
        ("python-requests/2.32", "library"),
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 HeadlessChrome/126.0 Safari/537.36", "library"),
        ("Mozilla/5.0", "apple_privacy"),
    ],
)
@pytest.mark.parametrize("seen", [OPEN, CLICK])
def test_programs_are_known_by_their_names(agent: str, rule: str, seen: Glimpse) -> None:
    assert why_machine(replace(seen, **by(agent))) == rule


def test_head_and_prefetching_follow_nothing() -> None:
    assert why_machine(replace(CLICK, method="HEAD")) == "method"
    for name, value in (
        ("Sec-Purpose", "prefetch;prerender"),
        ("X-Moz", "prefetch"),
        ("X-Purpose", "preview"),
    ):
        assert why_machine(replace(CLICK, headers={"User-Agent": FIREFOX, name: value})) == "prefetch"


@pytest.mark.parametrize(
    "agent", ["Microsoft Office Existence Discovery", "Microsoft Office Protocol Discovery"]
)
def test_office_asks_for_a_link_before_a_person_sees_it(agent: str) -> None:
    assert why_machine(replace(CLICK, **by(agent))) == "office"


@pytest.mark.parametrize("agent", [GMAIL, YAHOO])
def test_a_proxy_for_pictures_follows_no_link_for_a_person(agent: str) -> None:
    assert why_machine(replace(CLICK, **by(agent))) == "image_proxy"


@pytest.mark.parametrize("since", [None, timedelta(0), timedelta(seconds=4.9)])
@pytest.mark.parametrize("agent", [FIREFOX, GMAIL])
def test_nobody_reads_a_mail_within_seconds_of_its_sending(since: timedelta | None, agent: str) -> None:
    assert why_machine(replace(OPEN, since_sent=since, **by(agent))) == "soon"
    assert why_machine(replace(OPEN, since_sent=since, soon=timedelta(0))) == "", (
        "the demonstration is that fast"
    )


def test_nobody_follows_two_links_at_once() -> None:
    assert why_machine(replace(CLICK, others=1)) == "burst"
    assert why_machine(replace(CLICK, since_sent=SOON)) == ""


def test_each_rule_has_a_name_of_its_own_words_and_a_source() -> None:
    assert len({rule.name for rule in RULES}) == len(RULES)
    assert all(rule.said and rule.source for rule in RULES)
    assert set(SAID) == {rule.name for rule in RULES}
