"""The text part says what the HTML says (R-067)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging.markup import sanitise
from messaging.plaintext import plaintext


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("Hi", "Hi"),
        ("<p>Hi  Ann,\n how are you?</p>", "Hi Ann, how are you?"),
        ("<p>One</p><p>Two</p>", "One\n\nTwo"),
        ("<div>One</div><div>Two</div>", "One\nTwo"),
        ("<div><div>One</div></div><p></p><p> </p><div>Two</div>", "One\n\nTwo"),
        ("One<br>Two<br><br>Three", "One\nTwo\n\nThree"),
        ("<p>a <b>b</b><i>c</i> d</p>", "a bc d"),
        ("<p>1 &lt; 2 &amp;amp; 3&nbsp;4 &eacute;</p>", "1 < 2 &amp; 3 4 é"),
        ("<ul><li>a</li><li>b<ul><li>c</li></ul></li></ul>", "- a\n- b\n  - c"),
        ("<ol start=3><li>a</li><li>b</li></ol>", "3. a\n4. b"),
        ("<p>x</p><blockquote><p>a</p><p>b</p></blockquote><p>y</p>", "x\n\n> a\n>\n> b\n\ny"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"),
        ("a<hr>b", "a\n\n---\n\nb"),
        ("<pre>a\n  b\n\nc</pre>", "a\n  b\n\nc"),
        ('See <a href="https://x.example/?a=1&b=2">this</a>.', "See this <https://x.example/?a=1&b=2>."),
        ('<a href="https://x.example">https://x.example</a>', "https://x.example"),
        ('<a href="mailto:a@b.example">a@b.example</a>', "a@b.example"),
        ('<a href="tel:+1">call</a>', "call <tel:+1>"),
        ('<a href="#top">up</a>', "up"),
        (
            '<a href="https://x.example"><img src="https://x.example/i.png" alt="Logo"></a>',
            "Logo <https://x.example>",
        ),
        ('<a href="https://x.example"><img src="https://x.example/i.png"></a>', "https://x.example"),
        ("<a href='https://x.example'><p>Buy now</p></a>", "Buy now\n\nhttps://x.example"),
        ("", ""),
    ],
)
def test_html_as_text(html, text):
    assert plaintext(sanitise(html)) == f"{text}\n"


@given(st.text(alphabet=st.sampled_from("<>/=\"'& ab\nuliolpretdivbr#x"), max_size=120))
def test_any_html_has_a_text(source):
    assert plaintext(sanitise(source)).endswith("\n")
