"""Mails as people write them: paragraphs and addresses of pages, without knowing HTML. Pure.

``as_html`` makes a body out of plain text, ``as_written`` gives the text back if nothing else is in it. Each line stays
the same line, so that a fault is named with the line that the writer sees.
"""

from __future__ import annotations

import html
import re

MARKUP = re.compile(r"(\{\{.*?\}\}|\{%.*?%\})", re.S)
TAG = re.compile(r"<[a-zA-Z/!]")
WEB = re.compile(r"https?://[^\s<>\"'{}]+[^\s<>\"'{}.,;:!?)\]]")
LINK = re.compile(r'<a href="([^"]*)">([^<]*)</a>')
PARAGRAPH = re.compile(r"<p>(.*?)</p>", re.S)


def is_html(text: str) -> bool:
    """Whether somebody wrote tags; then it is left as it is."""
    return bool(TAG.search(MARKUP.sub("", text)))


def as_html(text: str) -> str:
    """The body of a mail: blank lines part paragraphs, line ends stay, web addresses become links; HTML stays HTML."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if is_html(text):
        return text
    pieces = re.split(r"(\n[ \t]*\n\s*)", text.strip("\n"))
    before = text[: len(text) - len(text.lstrip("\n"))]
    return before + "".join(piece if n % 2 else _paragraph(piece) for n, piece in enumerate(pieces))


def as_written(body: str) -> str:
    """The text of a body that ``as_html`` could have made; any other body as it is."""
    outside = PARAGRAPH.sub("", body)
    if not PARAGRAPH.search(body) or outside.strip():
        return body
    text = PARAGRAPH.sub(lambda found: _plain(found[1]), body)
    return text if as_html(text) == body else body


def _paragraph(text: str) -> str:
    if not text.strip():
        return text
    parts = MARKUP.split(text)
    return "<p>" + "".join(part if n % 2 else _escaped(part) for n, part in enumerate(parts)) + "</p>"


def _escaped(text: str) -> str:
    made, at = [], 0
    for found in WEB.finditer(text):
        made.append(html.escape(text[at : found.start()], quote=False))
        address = html.escape(found[0])
        made.append(f'<a href="{address}">{address}</a>')
        at = found.end()
    made.append(html.escape(text[at:], quote=False))
    return "".join(made).replace("\n", "<br>\n")


def _plain(paragraph: str) -> str:
    parts = MARKUP.split(paragraph.replace("<br>\n", "\n"))
    shown = (part if n % 2 else html.unescape(LINK.sub(r"\2", part)) for n, part in enumerate(parts))
    return "".join(shown)
