"""Production as `Procfile`, `Dockerfile` and `docker-compose.yml` start it: the same commands, a real start."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
import yaml

from config.embedded.run import procfile
from config.embedded.services import CHECKOUT
from tests.processes import Running, eventually

ENVIRONMENT = {
    name: value
    for name, _, value in (
        line.partition("=") for line in (CHECKOUT / ".ci" / "production.env").read_text().splitlines()
    )
    if name not in ("DATABASE_URL", "REDIS_URL")
} | {"SECURE_PROXY_SSL_HEADER": "true", "LOG_FORMAT": "json"}
BEHIND_THE_PROXY = {
    "Host": "stepwise.example",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-For": "203.0.113.9",
}


def get(address: str, **headers: str) -> str:
    request = urllib.request.Request(address, headers=headers)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return str(answer.read().decode())


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_production_starts_and_serves_pages_behind_a_proxy(tmp_path: Path) -> None:
    environment = ENVIRONMENT | {"STATIC_ROOT": str(tmp_path / "static")}
    running = Running(tmp_path, "web", "worker", "sender", "beat", **environment)
    assert running.group.environment is not None
    alone = dict(running.group.environment) | {"STEPWISE_PROCESS": "command"}
    for command in (["migrate", "--noinput"], ["collectstatic", "--noinput", "-v0"]):
        subprocess.run([sys.executable, "manage.py", *command], cwd=CHECKOUT, env=alone, check=True)
    with running:
        page = get(f"{running.address}/accounts/login/", **BEHIND_THE_PROXY)
        (style,) = re.findall(r'"(/static/[^"]+\.[0-9a-f]{12}\.css)"', page)[:1]
        assert "@layer" in get(running.address + style, **BEHIND_THE_PROXY)
        assert 'stepwise_up{part="broker"} 1' in get(f"{running.address}/metrics")
        eventually(lambda: "default" in get(f"{running.address}/metrics"), "a look at the queues")
    lines = [line for name in ("web", "worker", "sender", "beat") for line in running.log(name).splitlines()]
    events = [json.loads(line) for line in lines if line.startswith("{")]  # Celery says its shutdown in words
    troubles = [event["event"] for event in events if event["level"] in ("error", "critical")]
    assert set(troubles) <= {"Service Unavailable: /readyz"}, "asked until all were there"


def test_compose_runs_the_commands_of_the_procfile() -> None:
    compose = yaml.safe_load((CHECKOUT / "docker-compose.yml").read_text())
    services = compose["services"]
    commands = {name: [Path(words[0]).name, *words[1:]] for name, words in procfile().items()}
    image = re.search(r"^CMD (\[.*\])$", (CHECKOUT / "Dockerfile").read_text(), re.M)
    assert image
    given = {name: service.get("command") for name, service in services.items() if "build" in service}
    assert {
        name: shlex.split(line) if line else json.loads(image[1]) for name, line in given.items()
    } == commands | {"migrate": ["python", "manage.py", "migrate", "--noinput"]}
    for service in services.values():
        waits = service.get("depends_on", {})
        assert set(waits) <= set(services)
        for name, how in waits.items():
            if how["condition"] == "service_healthy":
                assert "test" in services[name]["healthcheck"]


def test_what_the_image_copies_is_there_and_what_it_leaves_out_is_named() -> None:
    copied = re.findall(r"^COPY (?:--chown=\S+ )?([\w/.]+) ", (CHECKOUT / "Dockerfile").read_text(), re.M)
    assert {"requirements/base.txt", "."} <= set(copied)
    assert all((CHECKOUT / path).exists() for path in copied)
    left_out = (CHECKOUT / ".dockerignore").read_text().split()
    assert {".git", ".venv", ".data", ".env"} <= set(left_out)
    assert os.access(CHECKOUT / "docker" / "create-role.sh", os.R_OK)
