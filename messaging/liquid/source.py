"""A template's text before the parser sees it: its pieces of markup, and what is wrong with their frame."""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass

TAGS = frozenset({
    "if", "elsif", "else", "endif", "unless", "endunless", "case", "when", "endcase",
    "for", "endfor", "break", "continue", "assign", "capture", "endcapture", "comment", "endcomment", "#",
})  # fmt: skip
BLOCKS = frozenset({"if", "unless", "case", "for", "capture", "comment"})
LONGEST = 200_000  # characters of a template
LONGEST_PIECE = 1_000  # of one piece of markup: the time to read it grows with the square
PIECES = 2_000
TAG_NAME = re.compile(r"\{%-?\s*(#|\w*)")


@dataclass(frozen=True)
class Fault:
    """Why a template cannot be saved.

    ``place`` is ``subject``, ``body``, ``signature`` or ``text``; ``line`` is counted from 1.
    """

    place: str
    reason: str
    line: int = 1

    def __str__(self) -> str:
        return f"{self.place}, line {self.line}: {self.reason}"


class Unreadable(Exception):
    """The text is no template. ``reason`` is fit for a person, ``line`` counts from 1."""

    def __init__(self, reason: str, line: int) -> None:
        super().__init__(reason)
        self.reason, self.line = reason, line


@dataclass(frozen=True)
class Piece:
    """One ``{{ … }}`` or ``{% … %}``; ``tag`` is empty for an output."""

    text: str
    tag: str
    line: int


def frame(source: str, *, html_source: bool) -> tuple[str, list[Piece]]:
    """The text for the parser and its pieces of markup, or Unreadable.

    Looks once from left to right for what has no end. The parser's own search for that starts anew at each
    brace, which takes hours for a few thousand braces; and its messages name no line.

    In HTML an editor writes ``{{ x | default: &quot;you&quot; }}``: entities inside markup are read as
    what they stand for.
    """
    if len(source) > LONGEST:
        raise Unreadable(f"The text is longer than {LONGEST:,} characters.", 1)
    parts: list[str] = []
    pieces: list[Piece] = []
    at, line = 0, 1
    for start, end in _markup(source):
        line += source.count("\n", at, start)
        if end - start > LONGEST_PIECE:
            raise Unreadable(f"A placeholder or tag is longer than {LONGEST_PIECE:,} characters.", line)
        if len(pieces) == PIECES:
            raise Unreadable(f"There are more than {PIECES:,} placeholders and tags.", line)
        text = source[start:end]
        if html_source and "&" in text:
            text = html.unescape(text).replace("\u00a0", " ")
        named = TAG_NAME.match(text)
        pieces.append(Piece(text, named.group(1) if named else "", line))
        parts += (source[at:start], text)
        line += source.count("\n", start, end)
        at = end
    parts.append(source[at:])
    _check_blocks(pieces)
    return "".join(parts), pieces


def _markup(source: str) -> Iterator[tuple[int, int]]:
    at = 0
    while True:
        output, tag = source.find("{{", at), source.find("{%", at)
        if output < 0 and tag < 0:
            return
        start = min(found for found in (output, tag) if found >= 0)
        mark = "}}" if start == output else "%}"
        end = source.find(mark, start + 2)
        if end < 0:
            line = source.count("\n", 0, start) + 1
            raise Unreadable(f"“{source[start : start + 2]}” is never closed by “{mark}”.", line)
        yield start, end + 2
        at = end + 2


def _check_blocks(pieces: list[Piece]) -> None:
    """Each block closed, each end of a block belonging to one, and only tags that templates may use."""
    open_blocks: list[Piece] = []
    for piece in pieces:
        tag = piece.tag
        if open_blocks and open_blocks[-1].tag == "comment" and tag not in ("comment", "endcomment"):
            continue
        if not tag:
            if piece.text.startswith("{%"):
                raise Unreadable("A tag needs a name, such as {% if … %}.", piece.line)
        elif tag not in TAGS:
            raise Unreadable(f"“{{% {tag} %}}” cannot be used here.", piece.line)
        elif tag in BLOCKS:
            open_blocks.append(piece)
        elif tag.startswith("end"):
            if not open_blocks or open_blocks[-1].tag != tag.removeprefix("end"):
                raise Unreadable(f"“{{% {tag} %}}” closes nothing that is open.", piece.line)
            open_blocks.pop()
    if open_blocks:
        last = open_blocks[-1]
        raise Unreadable(f"“{{% {last.tag} %}}” is never closed by “{{% end{last.tag} %}}”.", last.line)
