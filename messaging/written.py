"""Mails as people write them: paragraphs, links and bold words, without knowing HTML. Pure.

``as_html`` makes a body out of plain text: a blank line parts paragraphs, an address is a link, ``[words](address)``
a link with words, ``**words**`` are bold. ``as_written`` gives the text of a body that holds nothing else. Each line
stays the same line, so that a fault is named with the line that the writer sees.
"""

from __future__ import annotations

import html
import re

MARKUP = re.compile(r"(\{\{.*?\}\}|\{%.*?%\})", re.S)
TAG = re.compile(r"<[a-zA-Z/!]")
ADDRESS = r"https?://[^\s<>\"'{}()\[\]*]+"
INLINE = re.compile(
    rf"\[(?P<words>[^\[\]\n{{}}]+)\]\((?P<to>{ADDRESS})\)"
    rf"|(?P<web>{ADDRESS}[^\s<>\"'{{}}()\[\]*.,;:!?])"
    r"|\*\*(?P<bold>[^*\n{}\[\]]+)\*\*"
)
LINK = re.compile(r'<a href="([^"<>]*)">([^<>]*)</a>')
BOLD = re.compile(r"<strong>([^<>]*)</strong>")
PARAGRAPH = re.compile(r"\s*<p>(.*?)</p>\s*", re.S)
BREAK = re.compile(r"[ \t]*<br ?/?>[ \t]*\n?")


def is_html(text: str) -> bool:
    """Whether somebody wrote tags; then it is left as it is."""
    return bool(TAG.search(MARKUP.sub("", text)))


def as_html(text: str) -> str:
    """The body of a mail. HTML stays HTML."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if is_html(text):
        return text
    pieces = re.split(r"(\n[ \t]*\n\s*)", text.strip("\n"))
    before = text[: len(text) - len(text.lstrip("\n"))]
    return before + "".join(piece if n % 2 else _paragraph(piece) for n, piece in enumerate(pieces))


def as_written(body: str) -> str:
    """The text that makes this body; a body with anything else in it as it is."""
    if not PARAGRAPH.search(body) or PARAGRAPH.sub("", body).strip():
        return body
    text = "\n\n".join(_plain(found[1]) for found in PARAGRAPH.finditer(body))
    made = as_html(text)
    return text if not is_html(text) and _bare(made) == _bare(body) else body


def _bare(body: str) -> str:
    """A body without what makes no difference to a reader."""
    body = BREAK.sub("<br>", PARAGRAPH.sub(r"<p>\1</p>", body))
    return re.sub(r"\s+", " ", body).replace("<p> ", "<p>").replace(" </p>", "</p>")


def _paragraph(text: str) -> str:
    if not text.strip():
        return text
    parts = MARKUP.split(text)
    return "<p>" + "".join(part if n % 2 else _marked(part) for n, part in enumerate(parts)) + "</p>"


def _marked(text: str) -> str:
    made, at = [], 0
    for found in INLINE.finditer(text):
        made.append(html.escape(text[at : found.start()], quote=False))
        made.append(_inline(found))
        at = found.end()
    made.append(html.escape(text[at:], quote=False))
    return "".join(made).replace("\n", "<br>\n")


def _inline(found: re.Match[str]) -> str:
    if found["bold"]:
        return f"<strong>{html.escape(found['bold'], quote=False)}</strong>"
    address = html.escape(found["to"] or found["web"])
    words = html.escape(found["words"], quote=False) if found["words"] else address
    return f'<a href="{address}">{words}</a>'


def _plain(paragraph: str) -> str:
    """The text of one paragraph. A line end in HTML is a blank, a break is a line end."""
    parts = MARKUP.split(paragraph.strip())
    return "".join(part if n % 2 else _unmarked(part) for n, part in enumerate(parts))


def _unmarked(part: str) -> str:
    lines = [re.sub(r"\s+", " ", line) for line in BREAK.split(part)]
    text = LINK.sub(
        lambda found: found[1] if found[1] == found[2] else f"[{found[2]}]({found[1]})", "\n".join(lines)
    )
    return html.unescape(BOLD.sub(r"**\1**", text))
