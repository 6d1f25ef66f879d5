"""A copy of the database that was restored elsewhere sends nothing before a person has said so (R-024)."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta

import pytest

from config.embedded.services import CHECKOUT
from messaging import restored
from messaging.commands.sending import resume_sending
from messaging.delivery import visit
from messaging.models import Origin, SendingStop
from messaging.reaper import reap
from tenants.models import AuditLine, Tenant
from tenants.wall import use
from tests.apps.messaging.factories import Time, make_mailbox, make_message
from tests.database import copied, url_of
from tests.factories import make_member, make_tenant
from tests.sink import Sink

pytestmark = pytest.mark.django_db


@pytest.fixture
def elsewhere(db: None) -> None:
    """The database was somewhere else when it sent last."""
    Origin.objects.create(pk=1, place="another cluster")


def test_the_first_look_notes_where_it_is_and_stops_nothing(tenant: Tenant, time: Time) -> None:
    assert not restored.look(now=time.at)
    place = Origin.objects.get().place
    assert not restored.look(now=time.at)
    assert Origin.objects.get().place == place
    assert not SendingStop.objects.exists()


def test_r_024_what_was_restored_elsewhere_sends_nothing_before_somebody_resumes(
    elsewhere: None, tenant: Tenant, sink: Sink, time: Time
) -> None:
    mailbox = make_mailbox(sink.port)
    stale = make_message(mailbox, not_after=time.at - timedelta(hours=1))
    fresh = make_message(mailbox, not_after=time.at + timedelta(hours=5))
    assert restored.look(now=time.at)
    assert not restored.look(now=time.at), "it is said once"
    assert visit(tenant.pk, mailbox.pk, clock=time) == {}
    time.pass_by(days=1)
    reap(tenant.pk, now=time.at)
    assert visit(tenant.pk, mailbox.pk, clock=time) == {} and not sink.messages
    stop = SendingStop.objects.get()
    assert (stop.by, stop.ended_at) == (None, None) and "restored from a backup" in stop.reason
    assert AuditLine.objects.get(verb="sending.stop").member is None
    assert resume_sending(by=make_member("admin"), now=time.at)
    reap(tenant.pk, now=time.at)
    assert visit(tenant.pk, mailbox.pk, clock=time) == {"sent": 1}
    assert not restored.look(now=time.at)
    stale.refresh_from_db()
    fresh.refresh_from_db()
    assert (stale.state, fresh.state) == ("expired", "sent")


def test_each_workspace_is_stopped_and_one_that_was_stays_as_it_was(elsewhere: None, time: Time) -> None:
    first, second = make_tenant(), make_tenant()
    with use(first):
        SendingStop.objects.create(reason="wrong text", at=time.at)
    Tenant.objects.filter(pk=first.pk).update(sending_paused_at=time.at)
    restored.look(now=time.at + timedelta(hours=1))
    reasons = []
    for tenant in (first, second):
        with use(tenant):
            reasons.append(SendingStop.objects.get().reason)
    assert reasons == ["wrong text", restored.REASON]


@pytest.mark.slow
def test_r_024_a_copy_says_so_when_it_is_to_tick_or_deliver() -> None:
    with copied() as original:
        assert command("deliver", original) == ""
        assert command("tick", original) == ""
        with copied(original) as copy:
            assert command("tick", copy) == f"All sending is stopped: {restored.REASON}.\n"
            assert command("deliver", copy) == ""
        assert command("deliver", original) == ""


def command(name: str, database: str) -> str:
    """What a command of the product says of its trouble, of another database."""
    environment = {**os.environ, "MODE": "test", "DATABASE_URL": url_of(database), "LOG_LEVEL": "CRITICAL"}
    asked = [sys.executable, "manage.py", name]
    done = subprocess.run(asked, cwd=CHECKOUT, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stderr
