"""What HTML may leave in a mail, and the one spelling it leaves in, on which links and plaintext rely."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging.markup import escape, sanitise, unescape

CANONICAL = re.compile(
    r"""(?: [^<>&]                                                  # text
          | &(?:amp|lt|gt|nbsp|quot);
          | <[a-z][a-z0-9]*(?:[ ][a-z][a-z0-9-]*="(?:[^"<>&]|&(?:amp|lt|gt|nbsp|quot);)*")*>
          | </[a-z][a-z0-9]*>
        )*""",
    re.VERBOSE,
)
SCRAPS = [
    "<p>", "</p>", "<a href=", "'", '"', "https://x.example", ">", "<", "&", "&amp;", "&lt", "<!--", "-->", "<b",
    " title=", "x", " ", "\n", "<table><tr><td>", "</td>", "<img src=https://x.example/i alt=", "<svg><style>",
    "</style>", "<math>", "<script>", "</script>", "<textarea>", "<![CDATA[", "]]>", "\x00", "\u00a0", "`", "/", "=",
    "<p style='color:red;", "background:url(", ")", ";", "}", "onclick=", "javascript:",
]  # fmt: skip


@given(st.lists(st.one_of(st.sampled_from(SCRAPS), st.text(max_size=5)), max_size=25).map("".join))
def test_whatever_comes_in_one_spelling_comes_out(source):
    clean = sanitise(source)
    assert CANONICAL.fullmatch(clean)
    assert sanitise(clean) == clean
    assert not re.search(r"<(?:script|style|svg|math|iframe|object|form|input|!|\?)", clean)
    for attributes in re.findall(r"<[a-z0-9]+((?: [^>]*)?)>", clean):
        names = re.findall(r' ([a-z-]+)="', attributes)
        assert not [name for name in names if name.startswith("on")]


@pytest.mark.parametrize(
    ("source", "clean"),
    [
        ('<p style="color:red;position:fixed;background:url(https://x.example)">a</p>', '<p style="color:red">a</p>'),
        ('<p class="x" id="y" data-path="z" onclick="w">a</p>', "<p>a</p>"),
        ('<img src="https://x.example/i" alt="i" width="1">', '<img src="https://x.example/i" alt="i" width="1">'),
        ('<img alt="i" src="http://x.example/i.png"><img src="data:image/png;base64,x"><img>', ""),
        ("<form action=x><input value=y><button>Go</button></form>", "Go"),
        ("<html><head><title>t</title><style>p{}</style></head><body><p>a</p></body></html>", "<p>a</p>"),
        ("<!-- note --><p>a</p><!--[if mso]><p>b</p><![endif]-->", "<p>a</p>"),
        ("<p>a<p>b", "<p>a</p><p>b</p>"),
        ("<table><tr><td>a</table>", "<table><tbody><tr><td>a</td></tr></tbody></table>"),
        ('<a href="//x.example">a</a><a href="#b">b</a>', '<a href="//x.example">a</a><a href="#b">b</a>'),
        ('<a href="https://x.example" target="_blank" rel="x" ping="y">a</a>', '<a href="https://x.example">a</a>'),
        ("1 < 2 & 3 > 2 \"quoted\"", "1 &lt; 2 &amp; 3 &gt; 2 \"quoted\""),
    ],
)  # fmt: skip
def test_what_stays_and_what_goes(source, clean):
    assert sanitise(source) == clean


@given(st.text(max_size=60))
def test_escaping_can_be_undone(text):
    assert unescape(escape(text)) == text
    assert CANONICAL.fullmatch(escape(text).replace('"', ""))
