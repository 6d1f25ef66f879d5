"""What a process says when its environment does not suffice."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from django.core.management import call_command
from pytest_django import Settings

from config.embedded.bootstrap import complaint
from config.embedded.services import CHECKOUT
from config.environment import REQUIRED
from config.role import refusal

PRODUCTION = dict(
    line.split("=", 1) for line in (CHECKOUT / ".ci" / "production.env").read_text().splitlines() if line
)
PROGRAMS = {
    "manage.py": [sys.executable, "manage.py", "check"],
    "web": [
        f"{os.path.dirname(sys.executable)}/gunicorn",
        "--config",
        "python:config.gunicorn",
        "config.wsgi",
    ],
    "worker": [f"{os.path.dirname(sys.executable)}/celery", "-A", "config.celery", "worker"],
}


def say(program: str, **environment: str) -> subprocess.CompletedProcess[str]:
    bare = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")}
    return subprocess.run(
        PROGRAMS[program], cwd=CHECKOUT, env=bare | environment, capture_output=True, text=True, timeout=120
    )


@pytest.mark.parametrize("program", PROGRAMS)
def test_production_names_the_missing_variable_in_one_line(program: str) -> None:
    environment = {name: value for name, value in PRODUCTION.items() if name != "PUBLIC_BASE_URL"}
    said = say(program, **environment)
    assert said.returncode != 0
    assert said.stderr.splitlines() == [
        "Stepwise cannot start: not set in production mode: PUBLIC_BASE_URL (see .env.example)."
    ]


def test_production_with_all_variables_passes_the_checks() -> None:
    said = say("manage.py", **PRODUCTION)
    assert (said.returncode, said.stdout) == (0, "System check identified no issues (0 silenced).\n")


def test_every_file_that_a_style_names_is_there(tmp_path: Path, settings: Settings) -> None:
    """The manifest's storage reads them all and refuses a name that leads nowhere (without compression: slow)."""
    settings.STATIC_ROOT = tmp_path
    backend = "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"
    settings.STORAGES = settings.STORAGES | {"staticfiles": {"BACKEND": backend}}
    call_command("collectstatic", interactive=False, verbosity=0)
    assert (tmp_path / "staticfiles.json").exists()


def test_the_example_of_an_environment_names_each_required_variable() -> None:
    example = (CHECKOUT / ".env.example").read_text()
    assert [name for name in REQUIRED if f"\n{name}=" not in example] == []


def test_a_python_without_venv_is_told_which_package_is_missing() -> None:
    assert complaint((3, 11), has_venv=True) is None
    assert "apt-get install python3.11-venv" in str(complaint((3, 11), has_venv=False))
    assert "3.11 or newer" in str(complaint((3, 10), has_venv=True))


def test_a_missing_browser_is_told_in_one_line() -> None:
    said = subprocess.run(
        [sys.executable, "-m", "config.embedded.chromium"],
        cwd=CHECKOUT,
        env={"PATH": os.environ["PATH"], "CHROMIUM": "/nowhere/chromium"},
        capture_output=True,
        text=True,
    )
    assert said.returncode == 1
    assert said.stderr.startswith("The browser journeys need Chromium at /nowhere/chromium.")
    assert len(said.stderr.splitlines()) == 1


def test_r_073_a_role_that_passes_the_wall_is_refused() -> None:
    assert refusal("stepwise", superuser=False, bypasses=False) is None
    assert "SUPERUSER" in str(refusal("postgres", superuser=True, bypasses=True))
    assert "BYPASSRLS" in str(refusal("reader", superuser=False, bypasses=True))


def test_the_readme_explains_each_variable_that_is_read() -> None:
    sources = [CHECKOUT / "config" / name for name in ("settings.py", "gunicorn.py", "environment.py")]
    calls = r'(?:env(?:\.\w+)?|os\.environ\.(?:get|setdefault))\(\s*"([A-Z_]+)"'
    read = {name for source in sources for name in re.findall(calls, source.read_text())}
    readme = (CHECKOUT / "README.md").read_text()
    assert {name for name in read - {"STEPWISE_PROCESS"} if f"`{name}`" not in readme} == set()


def test_compose_starts_the_processes_of_the_procfile() -> None:
    services = yaml.safe_load((CHECKOUT / "docker-compose.yml").read_text())["services"]
    lines = (line.split(": ", 1) for line in (CHECKOUT / "Procfile").read_text().splitlines())
    procfile = dict(lines)
    assert services["migrate"]["command"] == procfile.pop("release")
    assert procfile.pop("web").split() == yaml.safe_load(
        (CHECKOUT / "Dockerfile").read_text().rpartition("\nCMD ")[2]
    )
    assert {name: services[name]["command"] for name in procfile} == procfile
