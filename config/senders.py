"""What ``doctor`` looks at for senders: can their mail servers be reached, does the DNS vouch for their domains."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import dns.exception
import dns.resolver
from django.conf import settings

from messaging import egress
from messaging.models import Mailbox
from tenants.models import Tenant
from tenants.wall import use

SECONDS = 5.0
RESERVED = ("example", "example.com", "example.net", "example.org", "invalid", "localhost", "test")
"""Names that belong to nobody (RFC 2606), such as the demonstration's."""


@dataclass(frozen=True)
class Finding:
    """One line of `doctor`."""

    name: str
    well: bool
    line: str


def findings() -> Iterator[Finding]:
    """A line for each mailbox in use and for each domain that sends."""
    boxes = list(_mailboxes())
    for tenant, box in boxes:
        yield Finding(f"mailbox {box.email} of {tenant.slug}", *_mailbox(box))
    for domain in sorted({box.email.rpartition("@")[2].lower() for _, box in boxes}):
        yield Finding(f"DNS of {domain}", *_domain(domain))


def _mailboxes() -> Iterator[tuple[Tenant, Mailbox]]:
    for tenant in Tenant.objects.filter(is_scratch=False).order_by("slug"):
        with use(tenant):
            boxes = list(Mailbox.objects.exclude(state=Mailbox.OFF).order_by("email"))
        yield from ((tenant, box) for box in boxes)


def _mailbox(box: Mailbox) -> tuple[bool, str]:
    if box.state == Mailbox.BROKEN:
        return False, box.problem or "broken"
    try:
        targets = egress.resolve(box.smtp_host, box.smtp_port, allowed=egress.networks(settings.EGRESS_ALLOW))
        egress.connect(box.smtp_host, box.smtp_port, targets, SECONDS).close()
    except OSError as error:
        return False, str(error)
    return True, f"{box.smtp_host}:{box.smtp_port} answers"


def _domain(domain: str) -> tuple[bool, str]:
    if domain.endswith(tuple(f".{name}" for name in RESERVED)) or domain in RESERVED:
        return True, "a name reserved for examples, not looked up"
    try:
        return judge(texts(domain), texts(f"_dmarc.{domain}"))
    except dns.exception.DNSException as error:
        return False, f"cannot be looked up: {error}"


def judge(of_domain: list[str], of_dmarc: list[str]) -> tuple[bool, str]:
    """What the TXT records of a domain and of its ``_dmarc`` say: one SPF record (RFC 7208 §4.5), one DMARC policy
    (RFC 7489 §6.6.3). The keys of DKIM cannot be asked for without their names.
    """
    spf = [text for text in of_domain if text.split(" ")[0].lower() == "v=spf1"]
    dmarc = [text for text in of_dmarc if text.lower().startswith("v=dmarc1")]
    if len(spf) != 1:
        return False, "no SPF record" if not spf else f"{len(spf)} SPF records, so none counts"
    if len(dmarc) != 1:
        return False, "no DMARC policy" if not dmarc else f"{len(dmarc)} DMARC policies, so none counts"
    return True, "one SPF record, one DMARC policy"


def texts(name: str, resolver: dns.resolver.Resolver | None = None) -> list[str]:
    """The TXT records of a name; none if there is no such name. Raises ``DNSException`` if nobody answers."""
    resolver = resolver or dns.resolver.get_default_resolver()
    try:
        answer = resolver.resolve(name, "TXT", lifetime=SECONDS)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    return [b"".join(record.strings).decode(errors="replace") for record in answer]
