"""The text part of a mail, made from its HTML: what a person would have typed (R-067)."""

import re

from messaging.markup import unescape

PIECES = re.compile(r"<(/?)([a-z][a-z0-9]*)([^>]*)>")
ATTRIBUTE = re.compile(r' (href|src|alt|start)="([^"]*)"')
BLANKS = re.compile(r"[ \t\r\n\f\u00a0]+")
PARAGRAPHS = frozenset(
    {"p", "h1", "h2", "h3", "h4", "h5", "h6", "table", "ul", "ol", "dl", "blockquote", "pre"}
)
LINES = frozenset({"div", "tr", "li", "dt", "dd", "center", "caption"})
BLOCKS = PARAGRAPHS | LINES
STARTS = BLOCKS | {"br", "hr", "td", "th", "a", "img"}
ENDS = BLOCKS | {"a"}


def plaintext(html: str) -> str:
    """Sanitised HTML as text: paragraphs apart, lists with dashes or numbers, quotations with ``>``, links as
    ``their text <address>``. Lines are as long as their paragraphs and end in LF; the last one, too."""
    writer = _Writer()
    pieces = iter(PIECES.split(html))  # text, slash, name, attributes, text, …
    for text in pieces:
        if text:
            writer.text(unescape(text))
        slash, name, attributes = next(pieces, ""), next(pieces, ""), next(pieces, "")
        if slash:
            if name in ENDS:
                writer.end(name)
        elif name in STARTS:
            writer.start(name, attributes)
    return writer.finish()


class _Writer:
    """Builds lines. ``gap``: whether an empty line must stand before the next one."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.line = ""
        self.gap = False
        self.gap_margin = ""
        self.margin: list[str] = []
        self.bullet = ""
        self.lists: list[int | None] = []  # the next number, None of a list with dashes
        self.links: list[tuple[str, int, int]] = []  # address, and where its text began
        self.pre = 0

    def text(self, text: str) -> None:
        if self.pre:
            first, *rest = text.split("\n")
            self.line += first
            for line in rest:
                self.flush()
                self.line = line
            return
        text = BLANKS.sub(" ", text)
        if not self.line or self.line.endswith(" "):
            text = text.lstrip(" ")
        self.line += text

    def start(self, name: str, attributes: str) -> None:
        if name in BLOCKS:
            self.block(name)
        if name == "br":
            self.flush_or_gap()
        elif name == "hr":
            self.block("p")
            self.line = "---"
            self.block("p")
        elif name == "blockquote":
            self.margin.append("> ")
        elif name in ("ul", "ol"):
            first = _attributes(attributes).get("start", "1")
            self.margin.append("  " if self.lists else "")
            self.lists.append((int(first) if first.isdecimal() else 1) if name == "ol" else None)
        elif name == "li":
            self.bullet = self.next_bullet()
        elif name in ("td", "th") and self.line:
            self.text(" ")
        elif name == "a":
            self.links.append((_attributes(attributes).get("href", ""), len(self.lines), len(self.line)))
        elif name == "img":
            self.text(_attributes(attributes).get("alt", ""))
        elif name == "pre":
            self.pre += 1

    def end(self, name: str) -> None:
        if name == "a" and self.links:
            self.close_link(*self.links.pop())
        if name in BLOCKS:
            self.block(name)
        if name in ("ul", "ol") and self.lists:
            self.lists.pop()
            self.margin.pop()
        elif name == "blockquote" and self.margin:
            self.margin.pop()
        elif name == "pre":
            self.pre -= 1

    def close_link(self, address: str, line: int, column: int) -> None:
        if not address or address.startswith("#"):
            return
        label = self.line[column:] if line == len(self.lines) else self.line
        shown = label.strip()
        if shown == address or address in (f"mailto:{shown}", f"tel:{shown}"):
            return
        self.line = self.line.rstrip(" ")
        blank = "" if not self.line or self.line.endswith(" ") else " "
        self.line += f"{blank}<{address}>" if shown else f"{blank}{address}"

    def next_bullet(self) -> str:
        if not self.lists or self.lists[-1] is None:
            return "- "
        number = self.lists[-1]
        self.lists[-1] = number + 1
        return f"{number}. "

    def block(self, name: str) -> None:
        if self.line or self.pre:
            self.flush()
        nested = name in ("ul", "ol") and self.lists
        if name in PARAGRAPHS and not nested:
            self.leave_gap()

    def leave_gap(self) -> None:
        """An empty line before the next one, with the margin of the outer of its neighbours."""
        margin = "".join(self.margin)
        self.gap_margin = min(self.gap_margin, margin, key=len) if self.gap else margin
        self.gap = True

    def flush_or_gap(self) -> None:
        """A ``<br>``: ends a line, or after one that has ended leaves an empty one."""
        if self.line.strip():
            self.flush()
        else:
            self.leave_gap()

    def flush(self) -> None:
        line = self.line.rstrip()
        self.line = ""
        if not line:
            if self.pre and self.lines:
                self.lines.append("".join(self.margin).rstrip())
            return
        margin = "".join(self.margin)
        if self.gap and self.lines:
            self.lines.append(self.gap_margin.rstrip())
        self.lines.append(f"{margin}{self.bullet}{line}")
        self.bullet = ""
        self.gap = False

    def finish(self) -> str:
        self.flush()
        return "\n".join(self.lines).strip("\n") + "\n"


def _attributes(text: str) -> dict[str, str]:
    return {name: unescape(value) for name, value in ATTRIBUTE.findall(text)}
