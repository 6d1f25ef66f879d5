"""What the messages of a step share is pinned at the run."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from messaging.mailings import pin
from tests.apps.messaging.factories import make_version

pytestmark = pytest.mark.django_db


def step(**settings: object) -> SimpleNamespace:
    return SimpleNamespace(key="intro", settings=settings)


def test_the_same_step_and_version_are_the_same_mailing(tenant: object) -> None:
    version = make_version()
    assert pin(step(), version) == pin(step(), version)


def test_another_version_or_setting_is_another_mailing(tenant: object) -> None:
    version = make_version()
    first = pin(step(), version)
    assert pin(step(), make_version()) != first
    assert pin(step(track_opens=False), version) != first
    assert pin(step(thread="reply"), version).thread == "reply"


def test_copies_are_written_down_as_one_line(tenant: object) -> None:
    mailing = pin(step(cc=["a@us.example", "b@us.example"], unsubscribe=False), make_version())
    assert (mailing.cc, mailing.unsubscribe) == ("a@us.example, b@us.example", False)
