"""Fills the demonstration: two workspaces, their people, and a sequence whose first mails leave within two minutes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.utils.text import slugify

from config.demo.store import MailStore
from messaging.models import Mailbox
from sequences.commands.status import activate
from sequences.files.loading import World, load
from sequences.files.scenario import read_scenario
from sequences.files.specs import Scenario
from sequences.models import Sequence
from tenants.commands import create_tenant
from tenants.models import Member, Team, Tenant
from tenants.wall import use

PASSWORD = "try-stepwise-1"
WORKSPACES = {
    "northwind": ("Northwind", "DE", "Northwind GmbH, Hafenstraße 12, 20457 Hamburg, Germany"),
    "fabrikam": ("Fabrikam", "US", "Fabrikam Inc., 500 Main Street, Albany, NY 12207, USA"),
}
SOON = "Outbound to new leads"
HEAD_START = timedelta(seconds=10)
"""The first run is at the next full minute after it, and begins within a tick: all of it in less than two minutes."""


@dataclass(frozen=True)
class SignIn:
    """One line for who tries it: EMAIL PASSWORD ROLE TENANT. A role made by hand has no key: its name, in one word."""

    email: str
    role: str
    tenant: str

    def __str__(self) -> str:
        return f"{self.email} {PASSWORD} {self.role} {self.tenant}"


def seed(*, now: datetime) -> list[SignIn]:
    """Make what is not there yet, and point the mailboxes at this start's demonstration server. Safe to repeat.

    A mailbox that somebody has connected to another server, or switched off, stays as it is.
    """
    found = []
    before = _last_port()
    if not Tenant.objects.filter(slug__in=WORKSPACES).exists():
        MailStore(settings.DEMO_MAIL_DIR).clear()
    for slug, (name, country, address) in WORKSPACES.items():
        tenant = Tenant.objects.filter(slug=slug).first()
        if tenant is None:
            tenant = _make(slug, name, country, address, now)
        with use(tenant):
            _follow_the_server(before)
            found += list(_sign_ins(slug))
    _port_file().write_text(str(settings.DEMO_SMTP_PORT))
    return found


def _make(slug: str, name: str, country: str, address: str, now: datetime) -> Tenant:
    text = Path(__file__).with_name(f"{slug}.yaml").read_text()
    scenario = read_scenario(text, file=f"{slug}.yaml")
    zone = scenario.timezone.key
    tenant = create_tenant(slug=slug, name=name, country=country, postal_address=address, timezone=zone)
    with use(tenant):
        world = load(scenario, at=now, password=PASSWORD)
        _point_mailboxes()
        _join_in_a_team()
        for sequence in world.sequences.values():
            _start(sequence, scenario, world, now)
    return tenant


def _start(sequence: Sequence, scenario: Scenario, world: World, now: datetime) -> None:
    spec = next(spec for spec in scenario.sequences if spec.name == sequence.name)
    if spec.status != "active":
        return
    if sequence.name == SOON:
        local = (now + HEAD_START).astimezone(sequence.timezone)
        sequence.run_time = (local.replace(second=0, microsecond=0) + timedelta(minutes=1)).time()
        sequence.save(update_fields=["run_time"])
    activate(sequence=sequence, by=sequence.owner, now=now)


def _join_in_a_team() -> None:
    """A manager sees the team's, and all may send what their role permits: a file gives each a limit of their own."""
    sales = Team.objects.create(name="Sales")
    Member.objects.filter(role__key__in=("sales_manager", "sales_rep")).update(team=sales)
    Member.objects.update(emails_per_day=None)


def _point_mailboxes() -> None:
    Mailbox.objects.update(
        smtp_host="127.0.0.1", smtp_port=settings.DEMO_SMTP_PORT, smtp_security="none", state=Mailbox.WORKING
    )


def _follow_the_server(before: int | None) -> None:
    """The demonstration server may listen elsewhere than last time."""
    if before is None:
        return _point_mailboxes()
    ours = Mailbox.objects.filter(smtp_host="127.0.0.1", smtp_security="none", smtp_port=before)
    ours.update(smtp_port=settings.DEMO_SMTP_PORT)


def _port_file() -> Path:
    folder = Path(settings.DEMO_MAIL_DIR)
    return folder.with_name(f"{folder.name}.port")


def _last_port() -> int | None:
    try:
        return int(_port_file().read_text())
    except (FileNotFoundError, ValueError):
        return None


def _sign_ins(slug: str) -> Iterator[SignIn]:
    for member in Member.objects.select_related("user", "role").order_by("pk"):
        yield SignIn(email=member.email, role=member.role.key or slugify(member.role.name), tenant=slug)
