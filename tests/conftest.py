"""What every test may use. The services and the mode come with tests/settings.py, before Django is set up."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator

import hypothesis
import pytest
from hypothesis import HealthCheck
from pytest_django import DjangoDbBlocker

from tenants.models import Tenant
from tenants.wall import use
from tests.browser import browser, complaints, new_page
from tests.database import database_of_this_process
from tests.factories import make_tenant
from tests.longest import dealt

# A busy machine is slow at drawing examples, too: that says nothing about the code.
hypothesis.settings.register_profile(
    "suite", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
hypothesis.settings.load_profile("suite")

__all__ = ["browser", "complaints", "new_page", "tenant"]


gc.disable()  # until all tests are collected: what they are made of is never garbage


def pytest_collection_finish() -> None:
    """Let the collector leave alone what stays: going through all tests, again and again, took a tenth of the run."""
    gc.collect()
    gc.freeze()
    gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """In several processes the longest tests come first, whatever is asked for."""
    if processes := int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "0")):
        items[:] = dealt(items, processes)


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The database of this process: a copy of one that was migrated once (pytest-django migrates each time).

    Blocked again while tests run: who needs it says so.
    """
    database = database_of_this_process()
    with django_db_blocker.unblock():
        database.__enter__()
    yield
    with django_db_blocker.unblock():
        database.__exit__(None, None, None)


@pytest.fixture
def tenant(db: None) -> Iterator[Tenant]:
    """A tenant with the ready roles; the test stands inside its wall."""
    tenant = make_tenant()
    with use(tenant):
        yield tenant
