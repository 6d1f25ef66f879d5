"""``manage.py import_records`` (interface: Commands)."""

from __future__ import annotations

import json
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from audience.models import Contact, ContactTag, CustomField, ImportJob
from tenants.models import Tenant
from tenants.wall import use
from tests.factories import make_tenant


@pytest.fixture
def run(tmp_path: Path, transactional_db: None) -> Callable[..., Any]:
    """The command on a file of this text; what it prints as JSON."""
    tenant = make_tenant("northwind")

    def call(text: str | bytes, *arguments: str, kind: str = "contact") -> Any:
        file = tmp_path / "people.csv"
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        out = StringIO()
        call_command(
            "import_records",
            str(file),
            "--tenant",
            tenant.slug,
            "--kind",
            kind,
            "--json",
            *arguments,
            stdout=out,
        )
        return json.loads(out.getvalue())

    return call


def contacts() -> list[Contact]:
    with use(Tenant.objects.get()):
        return list(Contact.objects.order_by("pk"))


def test_the_command_takes_a_header_without_rows_for_nothing_to_do(run: Callable[..., Any]) -> None:
    nothing = {"created": 0, "updated": 0, "skipped": 0, "refused": []}
    assert nothing.items() <= run("email,first_name\n").items()


def test_the_command_prints_the_counts_and_the_refused_rows(run: Callable[..., Any]) -> None:
    found = run(
        "email,Note\na@x.example,x\nA@x.example,y\nnobody,z\n", "--map", "Note=note", "--set", "tags=fair"
    )
    assert found == {
        "created": 1,
        "updated": 1,
        "skipped": 0,
        "refused": [{"line": 4, "reason": "email: “nobody” is no email address"}],
        "warnings": [],
    }
    assert contacts()[0].text_01 == "y"
    with use(Tenant.objects.get()):
        assert ContactTag.objects.get().label == "fair"
        assert ImportJob.objects.get().state == "done"


def test_a_dry_run_says_the_same_and_does_nothing(run: Callable[..., Any]) -> None:
    found = run("email,Note\na@x.example,x\nnobody,z\n", "--map", "Note=note:text", "--dry-run")
    assert (found["created"], len(found["refused"])) == (1, 1)
    assert contacts() == []
    with use(Tenant.objects.get()):
        assert not ImportJob.objects.exists() and not CustomField.objects.exists()


def test_the_command_takes_encoding_delimiter_and_duplicates(run: Callable[..., Any]) -> None:
    run(
        "email^vorname\na@x.example^José\na@x.example^Zoë\n".encode("cp850"),
        "--encoding",
        "cp850",
        "--delimiter",
        "^",
    )
    assert [c.first_name for c in contacts()] == ["Zoë"]
    assert run("email\na@x.example\n", "--on-duplicate", "skip")["skipped"] == 1
    assert run("email\na@x.example\n", "--on-duplicate", "create")["created"] == 1


@pytest.mark.parametrize(
    ("text", "arguments", "reason"),
    [
        (b"\x89PNG\r\n\x1a\n" + bytes(100), (), r"an image \(PNG\)"),
        (b"", (), "the file is empty"),
        (b"email\n", ("--map", "Nope=email"), "There is no column “Nope”; the file has: email"),
        (b"email\n", ("--map", "email"), "is not NAME=VALUE"),
        (b"email,x\n", ("--map", "x=thing:colour"), "There is no type “colour”"),
        (b"city\n", (), "Choose the column that has the email or a name"),
        (b"email\n", ("--encoding", "klingon"), "there is no encoding"),
        (b"email,x\n", ("--map", "x=two words"), "cannot be the name of a field"),
    ],
)
def test_what_cannot_be_read_ends_with_2_and_a_reason(
    run: Callable[..., Any], text: bytes, arguments: tuple[str, ...], reason: str
) -> None:
    with pytest.raises(CommandError, match=reason) as refused:
        run(text, *arguments)
    assert refused.value.returncode == 2
    with use(Tenant.objects.get()):
        assert not ImportJob.objects.exists() and not CustomField.objects.exists()


def test_a_workspace_or_a_file_that_is_not_there_ends_with_2(db: None) -> None:
    for arguments in (["/nowhere.csv", "--tenant", "none"], ["/nowhere.csv", "--tenant", make_tenant().slug]):
        with pytest.raises(CommandError) as refused:
            call_command("import_records", *arguments, "--kind", "contact")
        assert refused.value.returncode == 2
