"""From templates and values to the frozen bytes of a mail (semantics 2.32)."""

from collections.abc import Mapping
from dataclasses import dataclass

from messaging import links as linked
from messaging.headers import LONGEST_SUBJECT, cleaned, reply_subject
from messaging.liquid import Prepared
from messaging.markup import escape
from messaging.mime import CLIP, Heading, build
from messaging.plaintext import plaintext
from messaging.tokens import Links

DOCUMENT = '<!DOCTYPE html>\n<html><head><meta charset="utf-8"></head><body>\n{}\n</body></html>\n'
FOOTER = '<p style="color:#65656f;font-size:12px;line-height:18px">{}</p>'
PIXEL = '<img src="{}" alt="" width="1" height="1" style="display:block">'


@dataclass(frozen=True, slots=True)
class Text:
    """What a mail says, compiled. ``answers`` is the subject of the mail that this one answers in its thread."""

    subject: Prepared
    body: Prepared
    signature: Prepared | None = None
    answers: str | None = None


@dataclass(frozen=True, slots=True)
class Tracking:
    """What is added to the text. The footer says who sends (``identity``), their ``postal_address`` in several lines,
    as commercial mail has to (CAN-SPAM: 15 U.S.C. 7704(a)(5)), and how to unsubscribe."""

    links: Links
    opens: bool = True
    clicks: bool = True
    unsubscribe: bool = True
    identity: str = ""
    postal_address: str = ""
    unsubscribe_label: str = "Unsubscribe"


@dataclass(frozen=True, slots=True)
class Composed:
    """``links`` are the originals of the tracked links, by the ``n`` of their tokens; ``subject`` as it is sent.

    ``clipped``: longer than what Gmail shows.
    """

    raw: bytes
    subject: str
    links: tuple[str, ...]
    clipped: bool


def compose(
    heading: Heading, text: Text, values: Mapping[str, object], tracking: Tracking | None
) -> Composed:
    """Renders, adds tracking and footer, builds the bytes.

    Without ``tracking`` the mail has plain links, no pixel, no footer and no List-Unsubscribe. So are the copies
    for Cc and Bcc made, in envelopes of their own with the same heading: what a colleague opens, clicks or
    unsubscribes must not count as the contact's.

    Raises MissingPlaceholder (a needed value is empty), TemplateFault, Unsendable.
    """
    own_subject = text.subject.render(values)
    subject = cleaned(own_subject, LONGEST_SUBJECT) if text.answers is None else reply_subject(text.answers)
    html = text.body.render(values)
    if text.signature is not None:
        html = f"{html}\n{text.signature.render(values)}"
    found: tuple[str, ...] = ()
    unsubscribe = pixel = ""
    if tracking is not None:
        if tracking.clicks:
            tracked = linked.track(html, tracking.links.click)
            html, found = tracked.html, tracked.links
        if tracking.unsubscribe:
            unsubscribe = tracking.links.unsubscribe()
        html += _footer(tracking, unsubscribe)
        if tracking.opens:
            pixel = PIXEL.format(escape(tracking.links.open()))
    document = DOCUMENT.format(html + pixel)
    raw = build(heading, subject=subject, text=plaintext(html), html=document, unsubscribe=unsubscribe)
    return Composed(raw, subject, found, clipped=len(document.encode("utf-8", "replace")) > CLIP)


def _footer(tracking: Tracking, unsubscribe: str) -> str:
    address = [line.strip() for line in tracking.postal_address.splitlines() if line.strip()]
    if tracking.identity and tracking.identity.casefold() not in " ".join(address).casefold():
        address.insert(0, tracking.identity)
    lines = [escape(line) for line in address]
    if unsubscribe:
        lines.append(f'<a href="{escape(unsubscribe)}">{escape(tracking.unsubscribe_label)}</a>')
    return "\n" + FOOTER.format("<br>".join(lines)) if lines else ""
