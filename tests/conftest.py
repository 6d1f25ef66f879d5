"""What every test may use. The services and the mode come with tests/settings.py, before Django is set up."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tenants.models import Tenant
from tenants.wall import use
from tests.browser import browser, complaints, new_page
from tests.factories import make_tenant

__all__ = ["browser", "complaints", "new_page", "tenant"]


@pytest.fixture
def tenant(db: None) -> Iterator[Tenant]:
    """A tenant with the ready roles; the test stands inside its wall."""
    tenant = make_tenant()
    with use(tenant):
        yield tenant
