"""Log lines as they are written: whose they are, one for each event, and nothing secret in them."""

from __future__ import annotations

import io
import json
import logging
import logging.config
from collections.abc import Callable, Iterator

import pytest
import structlog
from celery import shared_task
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path

from config.celery import app
from config.logs import logging_config
from config.urls import urlpatterns as all_urls
from tenants.wall import use
from tests.factories import make_member, make_tenant

log = structlog.get_logger("stepwise.test")
Lines = Callable[[], list[str]]


def _writing(kind: str) -> Iterator[Lines]:
    out = io.StringIO()
    config = logging_config("INFO", as_json=kind == "json")
    config["handlers"]["stderr"]["stream"] = out
    logging.config.dictConfig(config)
    structlog.contextvars.clear_contextvars()
    yield lambda: out.getvalue().split("\n")[:-1]
    structlog.contextvars.clear_contextvars()
    logging.config.dictConfig(logging_config("WARNING", as_json=False))


@pytest.fixture(params=["json", "text"])
def lines(request: pytest.FixtureRequest) -> Iterator[Lines]:
    """The lines written in this test, in both formats."""
    yield from _writing(request.param)


@pytest.fixture
def events() -> Iterator[Callable[[], list[dict]]]:
    """The events written in this test, from JSON."""
    for written in _writing("json"):
        yield lambda: [json.loads(line) for line in written()]  # noqa: B023


EVIL = "x\n2026-01-01 [error] forged\r\x1b[31m\u2028\x00"


def test_an_event_is_one_line_whatever_stands_in_it(lines: Lines) -> None:
    log.warning("said " + EVIL, answer=EVIL, nested={"in": [EVIL]}, **{"na\nme": "1"})
    logging.getLogger("plain").warning("plain %s", EVIL, extra={"more": EVIL})
    assert len(lines()) == 2
    assert not any(c in "".join(lines()) for c in "\r\x1b\u2028\x00")


def test_no_line_of_a_traceback_can_be_taken_for_an_event(lines: Lines) -> None:
    try:
        raise ValueError(EVIL)
    except ValueError:
        log.exception("failed")
    first, *rest = lines()
    assert "failed" in first
    assert all(line.startswith("    ") for line in rest)
    assert not any(c in "".join(lines()) for c in "\r\x1b\u2028\x00")


@pytest.mark.parametrize(
    "said",
    [
        "cannot reach redis://:hunter2@redis:6379/0",
        "postgresql://stepwise:hunter2@db:5432/stepwise?sslmode=require",
        "Internal Server Error: /u/hunter2",
        "GET 'https://links.example/t/hunter2?x=1'",
        "see /accounts/password/reset/key/hunter2/",
    ],
)
def test_passwords_and_tokens_in_addresses_are_hidden(lines: Lines, said: str) -> None:
    log.warning(said)
    log.warning("because", error=ValueError(said), also=[said])
    try:
        raise ValueError(said)
    except ValueError:
        logging.getLogger("plain").exception("failed: %s", said)
    assert "hunter2" not in "\n".join(lines())
    assert "***" in lines()[0]


def test_other_addresses_stay_readable(lines: Lines) -> None:
    log.warning("at", url="https://stepwise.example/templates/12/", mail="ana@us.example", at="10:20:30")
    assert all(word in lines()[0] for word in ("/templates/12/", "ana@us.example", "10:20:30"))


def test_values_with_secret_names_are_hidden(lines: Lines) -> None:
    log.warning("saved", smtp_password="hunter2", Authorization="hunter2", api_key="hunter2")
    logging.getLogger("plain").warning("saved", extra={"session_cookie": "hunter2"})
    assert "hunter2" not in "\n".join(lines())


@pytest.mark.django_db
def test_inside_the_wall_lines_name_the_tenant(events: Callable[[], list[dict]]) -> None:
    tenant = make_tenant()
    with use(tenant):
        log.warning("inside")
        logging.getLogger("plain").warning("inside")
    log.warning("outside")
    assert [event.get("tenant") for event in events()] == [tenant.pk, tenant.pk, None]


def broken(request: HttpRequest) -> HttpResponse:
    log.warning("about to fail")
    raise RuntimeError("by design")


urlpatterns = [path("broken/", broken), *all_urls]


@pytest.mark.django_db
@pytest.mark.urls("tests.house.test_logs")
def test_a_request_and_its_workspace_stand_on_all_its_lines(
    client: Client, events: Callable[[], list[dict]]
) -> None:
    tenant = make_tenant()
    with use(tenant):
        client.force_login(make_member().user)
    client.raise_request_exception = False
    answer = client.get("/broken/", headers={"x-request-id": "from-the-proxy-1"})
    assert answer.status_code == 500
    said = [e for e in events() if e["event"] in ("about to fail", "Internal Server Error: /broken/")]
    assert [(e["request_id"], e["tenant"]) for e in said] == [("from-the-proxy-1", tenant.pk)] * 2


@shared_task
def log_and_fail(tenant_id: int, fails: bool = False) -> None:
    log.warning("working")
    if fails:
        raise RuntimeError("by design")


@pytest.mark.parametrize(("args", "kwargs"), [([7], {}), ([], {"tenant_id": 7})])
def test_a_task_and_its_tenant_stand_on_all_its_lines(
    events: Callable[[], list[dict]], args: list, kwargs: dict
) -> None:
    task = app.tasks["tests.house.test_logs.log_and_fail"]
    task.apply(args=args, kwargs=kwargs | {"fails": True}, task_id="abc")
    said = [event for event in events() if event["event"] == "working" or "by design" in event["event"]]
    assert len(said) == 2
    assert {(e["task"], e["task_id"], e["tenant"]) for e in said} == {(task.name, "abc", 7)}
