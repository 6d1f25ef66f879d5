"""Who imports."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.factories import make_tenant
from tests.pages.somebody import Somebody


@pytest.fixture
def me(client: Client) -> Somebody:
    return Somebody(client, make_tenant())
