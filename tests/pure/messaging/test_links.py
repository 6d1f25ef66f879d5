"""Tracked links lead to the letter where the author pointed (R-058), and nowhere else (R-059)."""

import html
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging.links import location, track
from messaging.markup import sanitise

LONG = "https://x.example/" + "a" * 4096
# As it stands in the source of a template, and what a browser makes of it.
FAITHFUL = [
    ("https://x.example", None),
    ("https://x.example/", None),
    ("http://x.example:8080/a/b", None),
    ("HTTPS://X.Example/A", None),
    ("https://x.example/?a=1&b=2", None),
    ("https://x.example/?a=1&amp;b=2", "https://x.example/?a=1&b=2"),
    ("https://x.example/?a=1&amp;amp;b=2", "https://x.example/?a=1&amp;b=2"),
    ("https://x.example/?a=1&copy=2", None),
    ("https://x.example/?a=1&amp;copy=2", "https://x.example/?a=1&copy=2"),
    ("https://x.example/?a=1&lt=2", None),
    ("https://x.example/?a=1&#38;b=2", "https://x.example/?a=1&b=2"),
    ("https://x.example/?a=%26b&c=%3D", None),
    ("https://x.example/?q=a+b", None),
    ("https://x.example/?q=a%2Bb", None),
    ("https://x.example/?q=a%20b", None),
    ("https://x.example/?q=a b", None),
    ("https://x.example/#frag", None),
    ("https://x.example/?a=1#frag?b=2&c=3", None),
    ("https://x.example/#/app/route?x=1", None),
    ("https://x.example/#:~:text=hello%20world", None),
    ("https://b.s3.example/k?X-Amz-Date=20260101T000000Z&X-Amz-Signature=ab%2Fcd%2Bef%3D%3D", None),
    ("https://x.example/?redirect=https%3A%2F%2Fy.example%2F%3Fa%3D1%26b%3D2", None),
    ("https://x.example/?redirect=https://y.example/?a=1", None),
    ("https://x.example/?h=&lt;a href=&quot;https://y.example&quot;&gt;", 'https://x.example/?h=<a href="https://y.example">'),
    ("https://x.example/?q=&quot;quoted&quot;", 'https://x.example/?q="quoted"'),
    ("https://x.example/?q='single'", None),
    ("https://x.example/a(b)[c]{d}|e^f`g~h!*;:@,$", None),
    ("https://x.example//double//slash/./../dots", None),
    ("https://x.example/%", None),
    ("https://x.example/%zz", None),
    ("https://x.example/?a&b=&=c&&", None),
    ("https://x.example/?utm_source=a&utm_medium=b&utm_campaign=c", None),
    ("https://x.example/?json={%22a%22:[1,2]}", None),
    ("https://bücher.example/ä?ö=ü", None),
    ("https://xn--bcher-kva.example/", None),
    ("https://例え.テスト/パス", None),
    ("https://x.example/😀", None),
    ("https://x.example/a\u00a0b", None),
    ("https://user:pass@x.example/", None),
    ("https://[::1]:8000/x", None),
    ("https://192.0.2.1/x", None),
    ("https://x.example/?a=1\u2028b", None),
    ("  https://x.example/trimmed  ", "https://x.example/trimmed"),
    ("https://x.exam\nple/joined", "https://x.example/joined"),
    ("https://x.example/{{ brace }}", None),
    ("https://x.example/?next=javascript:alert(1)", None),
    ("https://x.example/;jsessionid=1?x", None),
    ("https://x.example/?a[]=1&a[]=2", None),
    ("https://x.example/?" + "&".join(f"p{n}={n}" for n in range(50)), None),
    (LONG, None),
]  # fmt: skip
UNTOUCHED = [
    "mailto:ann@acme.example", "mailto:a@b.example?subject=Hi%20there&amp;body=x", "tel:+4915112345678",
    "#top", "/relative", "page.html", "//other.example/x", "https://", "https:///x", "https:\\\\x.example",
    "http:x.example", "",
]  # fmt: skip


def anchor(href: str) -> str:
    return sanitise(f'<p title="a href=">Look <a title="x href=" href="{href}">here</a></p>')


class Hrefs(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.found += [value or "" for name, value in attrs if tag == "a" and name == "href"]


def address(n: int, url: str) -> str:
    return f"https://t.example/t/{n}"


@pytest.mark.parametrize(("href", "meant"), FAITHFUL, ids=lambda value: str(value)[:50])
def test_a_web_link_is_kept_to_the_letter(href, meant):
    tracked = track(anchor(href), address)
    assert tracked.links == (meant or href,)
    assert Hrefs(tracked.html).found == ["https://t.example/t/0"]


@pytest.mark.parametrize(("href", "meant"), FAITHFUL, ids=lambda value: str(value)[:50])
def test_a_kept_url_of_plain_letters_is_answered_with_as_it_is(href, meant):
    url = meant or href
    if url.isascii() and " " not in url and "\x00" not in url:
        assert location(url) == url
    else:
        answer = location(url)
        assert answer is not None
        assert answer.isascii()
        assert " " not in answer


@pytest.mark.parametrize("href", UNTOUCHED)
def test_what_is_no_web_link_stays(href):
    before = anchor(href)
    assert track(before, address) == track(before, lambda n, url: "never")
    assert track(before, address).html == before


@pytest.mark.parametrize(
    "href", ["javascript:alert(1)", "JAVASCRIPT:x", "data:text/html,x", "vbscript:x", "file:///x"]
)
def test_what_may_not_be_linked_to_is_dropped_before(href):
    assert "href" not in anchor(href).partition("<a")[2].replace("x href=", "")


def test_a_url_that_stands_twice_is_one_link():
    text = sanitise('<a href="https://x.example/">1</a><a href="https://y.example/">2</a>'
                    '<a href="https://x.example/">3</a>')  # fmt: skip
    tracked = track(text, address)
    assert tracked.links == ("https://x.example/", "https://y.example/")
    assert Hrefs(tracked.html).found == [address(n, "") for n in (0, 1, 0)]


@pytest.mark.parametrize(
    ("url", "answer"),
    [
        ("https://bücher.example/ä?ö=ü&a=%26", "https://xn--bcher-kva.example/%C3%A4?%C3%B6=%C3%BC&a=%26"),
        ("https://bücher.example:8080/#ä", "https://xn--bcher-kva.example:8080/#%C3%A4"),
        ("https://ü@x.example/", "https://%C3%BC@x.example/"),
        ("https://x.example/a b", "https://x.example/a%20b"),
        ("https://x.example/\r\nSet-Cookie: a=b", None),
        ("https://x.example/ä\r\nSet-Cookie: a=b", None),
        ("https://x.example/\x00", None),
        ("javascript:alert(1)", None),
        ("//evil.example", None),
        ("https:\\\\evil.example", None),
        ("/local", None),
        ("https://\u200b./ä", None),
    ],
)
def test_a_header_gets_plain_letters_or_nothing(url, answer):
    assert location(url) == answer


@given(st.lists(st.tuples(st.text(max_size=20), st.text(max_size=30)), max_size=4), st.text(max_size=40))
def test_no_markup_can_fool_the_pattern(links, other):
    """The pattern finds the very links that a parser finds, in whatever the sanitiser lets through."""
    source = f"<p title='{other}'>{other}" + "".join(
        f"<a title='{html.escape(title)}' href=\"https://x.example/{html.escape(path)}\">{title}</a>"
        for title, path in links
    )
    clean = sanitise(source)
    tracked = track(clean, address)
    originals = [url.strip(" \t\r\n\f\x00") for url in Hrefs(clean).found]
    web = [url for url in originals if url.startswith("https://x.example")]
    after = Hrefs(tracked.html).found
    assert sum(url.startswith("https://t.example/t/") for url in after) >= len(web)
    assert not [url for url in after if url.startswith("https://x.example")]
    assert len(after) == len(originals)
    assert sanitise(tracked.html) == tracked.html
