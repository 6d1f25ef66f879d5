"""Delivery beside the floor of its own protocol, and beside django-drip-campaigns.

10,000 personalised mails with tracked links, open pixel, unsubscribe, limit and suppression on, by two workers (their
own processes, as in production) to a mail server in a process of its own, all on this machine.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import redis
from django.conf import settings
from django.db import connection
from django.utils.timezone import now

from audience.models import Contact, Suppression
from bench.harness import Figure, median
from bench.letter import BODY, FIRST_NAMES, SUBJECT, ours
from config.embedded.services import DATA
from messaging import doorbell, outbox
from messaging.liquid import analyse
from messaging.mailings import pin
from messaging.models import Mailbox, MailboxDue, Message, Payload, Template, TemplateVersion
from steps.models import Step
from tenants.models import Member, Tenant
from tenants.wall import use
from tests.factories import make_member, make_tenant
from tests.processes import Running
from tests.sink import SinkProcess

MAILS, RUNS, WORKERS = 10_000, 3, 2
KNOWN = {"contact.first_name", "contact.last_name", "contact.email"}
LIMIT_S = 600


def measure() -> Iterator[list[Figure]]:
    """delivery, delivery_vs_drip, delivery_cpu_ms, delivery_broker_messages and delivery_worker_mb of the table."""
    tenant, mailbox = make_sender()
    rates, cpus, broker, memory, floors, drips = [], [], [], [], [], []
    for _ in range(RUNS):
        with SinkProcess() as sink:
            point_at(tenant, mailbox, sink.port)
            fill(tenant, mailbox)
            found = deliver(tenant, sink)
        rates.append(MAILS / found["seconds"])
        cpus.append(found["cpu_ms"] / MAILS)
        broker.append(found["broker"])
        memory.append(found["worker_mb"])
        fill(tenant, mailbox)
        floors.append(MAILS / protocol(tenant, mailbox))
        drips.append(MAILS / drip())
    shape = f"{MAILS} mails, {WORKERS} workers"
    yield [
        Figure(
            "delivery",
            median(rates),
            "mails/s",
            0.5,
            "higher",
            median(floors),
            rates,
            f"{shape}; floor: protocol",
        ),
        Figure(
            "delivery_vs_drip",
            median(rates),
            "mails/s",
            1.5,
            "higher",
            median(drips),
            rates,
            "floor: drip 1.16.2",
        ),
        Figure("delivery_cpu_ms", median(cpus), "ms/mail", 2, runs=cpus, note="app, database and broker"),
        Figure("delivery_broker_messages", median(broker), "messages", 25, runs=broker),
        Figure(
            "delivery_worker_mb",
            max(memory),
            "MB",
            150,
            runs=memory,
            note="PSS of one worker with its children",
        ),
    ]


def make_sender() -> tuple[Tenant, Mailbox]:
    tenant = make_tenant("delivery")
    Tenant.objects.filter(pk=tenant.pk).update(postal_address="Bench 1, 10115 Berlin")
    with use(tenant):
        member = make_member("admin", email="owner@bench.example")
        mailbox = Mailbox.objects.create(
            member=member,
            email="owner@bench.example",
            smtp_host="127.0.0.1",
            smtp_port=25,
            smtp_security="none",
        )
        Contact.objects.bulk_create(
            Contact(
                email=f"c{i}@bench.example", email_norm=f"c{i}@bench.example", created_at=now(),
                first_name=FIRST_NAMES[i % len(FIRST_NAMES)], last_name="Example",
            )
            for i in range(MAILS)
        )  # fmt: skip
        Suppression.objects.bulk_create(
            Suppression(address_norm=f"gone{i}@bench.example", reason="unsubscribed", at=now())
            for i in range(2000)
        )
    return tenant, mailbox


def point_at(tenant: Tenant, mailbox: Mailbox, port: int) -> None:
    with use(tenant):
        Mailbox.objects.filter(pk=mailbox.pk).update(smtp_port=port)


def fill(tenant: Tenant, mailbox: Mailbox) -> None:
    """Empty the outbox and put one message for each contact into it; nobody is rung."""
    MailboxDue.objects.all().delete()
    with use(tenant):
        Payload.objects.all().delete()
        Message.objects.all().delete()
        template, _ = Template.objects.get_or_create(name="Bench")
        if template.current is None:
            subject, body = ours(SUBJECT), ours(BODY)
            template.current = TemplateVersion.objects.create(
                template=template, number=1, subject=subject, body=body, made_at=now(),
                needed=sorted(analyse(subject, body, KNOWN).needed),
            )  # fmt: skip
            template.save()
        mailing = pin(Step(key="one", kind="email", settings={}), template.current)
        rows = (
            "SELECT NULL::bigint AS step_run_id, NULL::bigint AS enrollment_id, id AS contact_id, "
            "NULL::bigint AS opportunity_id, %s::bigint AS sender_id, %s::bigint AS mailbox_id, "
            "%s::bigint AS mailing_id, 'email' AS channel, email_norm AS address_norm, "
            "%s::timestamptz AS due_at, NULL::timestamptz AS not_after FROM audience_contact"
        )
        member = Member.objects.get()
        made = outbox.add(rows, [member.pk, mailbox.pk, mailing.pk, now()], now=now())
        if made != MAILS:
            raise SystemExit(f"{made} messages made instead of {MAILS}")
    # The bell that rang with the commit would wake the first worker before the clock runs.
    redis.from_url(settings.REDIS_URL).flushdb()
    with connection.cursor() as cursor:
        cursor.execute(
            "VACUUM ANALYZE messaging_message, messaging_payload, activities_fact, audience_contact"
        )


def deliver(tenant: Tenant, sink: SinkProcess) -> dict[str, float]:
    """Ring once, and wait for the last mail in the sink; what it took of everybody."""
    bell = redis.from_url(settings.REDIS_URL)
    names = ("sender", "sender2")
    with (
        tempfile.TemporaryDirectory() as folder,
        Running(Path(folder), *names, WORKER_CONCURRENCY="1") as running,
    ):
        wait_for_workers(bell)
        workers = [psutil.Process(running.group.processes[name].pid) for name in names]
        before, pushed = cpu(everybody(workers)), pushes(bell)
        start = time.perf_counter()
        with use(tenant):
            tenant_id = tenant.pk
        doorbell.ring(tenant_id)
        while sink.stats["accepted"] < MAILS:
            if time.perf_counter() - start > LIMIT_S:
                raise SystemExit(f"only {sink.stats['accepted']} of {MAILS} arrived; see {folder}")
            time.sleep(0.05)
        seconds = time.perf_counter() - start
        wait_until_told(tenant)
        after = cpu(everybody(workers))
        size = max(sum(p.memory_full_info().pss for p in family(worker)) for worker in workers)
        return {
            "seconds": seconds, "cpu_ms": (after - before) * 1000, "broker": pushes(bell) - pushed,
            "worker_mb": size / 1e6,
        }  # fmt: skip


def protocol(tenant: Tenant, mailbox: Mailbox) -> float:
    """Seconds for claim, gate and result of the same rows, in as many processes."""
    command = [sys.executable, "-m", "bench.protocol", str(tenant.pk), str(mailbox.pk)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    processes = [subprocess.Popen(command, **pipes) for _ in range(WORKERS)]  # type: ignore[call-overload]
    for process in processes:
        process.stdout.readline()
    start = time.perf_counter()
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in processes:
        process.wait(LIMIT_S)
    seconds = time.perf_counter() - start
    with use(tenant):
        sent = Message.objects.filter(state="sent").count()
    if sent != MAILS:
        raise SystemExit(f"the protocol sent {sent} of {MAILS}")
    return seconds


def drip() -> float:
    """Seconds of django-drip-campaigns for as many users and the same text, in a database of its own."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = 'drip'")
        if not cursor.fetchone():
            cursor.execute("CREATE DATABASE drip")
    url = os.environ["DATABASE_URL"].replace("/stepwise?", "/drip?")
    with SinkProcess() as sink:
        given = {**os.environ, "DRIP_DATABASE_URL": url, "DRIP_SMTP_PORT": str(sink.port)}
        command = [sys.executable, "-m", "bench.drip", str(MAILS)]
        done = subprocess.run(command, env=given, capture_output=True, text=True, check=False)
        if done.returncode or sink.stats["accepted"] != MAILS:
            raise SystemExit(f"drip sent {sink.stats['accepted']} of {MAILS}: {done.stderr[-800:]}")
        return float(done.stdout.split()[-1])


def family(process: psutil.Process) -> list[psutil.Process]:
    return [process, *process.children(recursive=True)]


def everybody(workers: list[psutil.Process]) -> list[psutil.Process]:
    """The workers, and the servers of this benchmark: PostgreSQL with its backends, and the broker."""
    servers = services_of(DATA / "bench")
    return [p for process in [*workers, *servers] for p in family(process)]


def services_of(folder: Path) -> list[psutil.Process]:
    found = json.loads((folder / "services.json").read_text())
    return [psutil.Process(found[name]["pid"]) for name in ("postgres", "valkey")]


def cpu(processes: list[psutil.Process]) -> float:
    """Seconds of CPU so far; what ended meanwhile is counted with its parent."""
    total = 0.0
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            total += sum(process.cpu_times()[:4])
    return total


def pushes(bell: redis.Redis) -> int:
    """How many messages the broker was given: lists are what Celery's queues are."""
    return int(bell.info("commandstats").get("cmdstat_lpush", {}).get("calls", 0))


def wait_for_workers(bell: redis.Redis) -> None:
    """Until both hang on their queue."""
    until = time.monotonic() + 60
    while sum(client["cmd"].lower().startswith("brpop") for client in bell.client_list()) < WORKERS:
        if time.monotonic() > until:
            raise SystemExit("the workers did not start")
        time.sleep(0.1)


def wait_until_told(tenant: Tenant) -> None:
    """Until the last result is written: it belongs to the work."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        with use(tenant):
            if Message.objects.filter(state="sent").count() == MAILS:
                return
        time.sleep(0.1)
    raise SystemExit("not every result was written")
