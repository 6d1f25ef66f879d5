"""Signing in for tests of pages."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from tenants.models import Member

SignIn = Callable[[Member], Client]


@pytest.fixture
def sign_in() -> SignIn:
    """A client in which a member is signed in; their tenant is the one that the pages show."""

    def make(member: Member) -> Client:
        client = Client()
        client.force_login(member.user)
        return client

    return make
