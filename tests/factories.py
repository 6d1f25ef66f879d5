"""Factories of rows; all stand inside ``tenants.use(tenant)``."""

from __future__ import annotations

from datetime import UTC, datetime

import factory
from factory.django import DjangoModelFactory

from audience.models import Account, Contact, Opportunity
from tenants.commands import add_member, create_tenant
from tenants.models import Member, Tenant

NOW = datetime(2026, 5, 4, 8, 0, tzinfo=UTC)
_count = iter(range(1, 10**9))


def make_tenant(slug: str | None = None) -> Tenant:
    """A tenant with the ready roles."""
    slug = slug or f"tenant-{next(_count)}"
    return create_tenant(slug=slug, name=slug.title())


def make_member(role: str = "sales_rep", email: str | None = None, **fields: object) -> Member:
    """A member of the tenant in use."""
    n = next(_count)
    return add_member(email=email or f"member{n}@us.example", name=f"Member {n}", role=role, **fields)  # type: ignore[arg-type]


class AccountFactory(DjangoModelFactory[Account]):
    class Meta:
        model = Account

    name = factory.Sequence(lambda n: f"Account {n}")
    created_at = NOW


class ContactFactory(DjangoModelFactory[Contact]):
    class Meta:
        model = Contact

    first_name = factory.Sequence(lambda n: f"First{n}")
    last_name = factory.Sequence(lambda n: f"Last{n}")
    email = factory.Sequence(lambda n: f"contact{n}@x.example")
    email_norm = factory.LazyAttribute(lambda o: o.email.strip().lower() or None)
    created_at = NOW


class OpportunityFactory(DjangoModelFactory[Opportunity]):
    class Meta:
        model = Opportunity

    name = factory.Sequence(lambda n: f"Deal {n}")
    created_at = NOW
