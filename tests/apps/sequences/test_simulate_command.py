"""``manage.py simulate`` from outside (semantics 6.1)."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from django.core.management import call_command

from audience.models import Contact
from tenants.models import Tenant, User

HERE = Path(__file__).parents[2] / "scenarios"
FIRST = HERE / "01-classic-days.yaml"

pytestmark = pytest.mark.django_db


def simulate(*arguments: str) -> tuple[int, list[str], list[str]]:
    """Status, lines of stdout, lines of stderr."""
    out, err = io.StringIO(), io.StringIO()
    status = 0
    try:
        call_command("simulate", *arguments, stdout=out, stderr=err, no_color=True)
    except SystemExit as ended:
        status = int(ended.code or 0)
    return status, out.getvalue().splitlines(), err.getvalue().splitlines()


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """A file that expects ann to be called a day later."""
    path = tmp_path / "other.yaml"
    path.write_text(FIRST.read_text().replace("2026-05-07 09:00  ann", "2026-05-08 09:00  ann"))
    return path


def test_6_1_the_trace_goes_to_stdout_and_the_status_is_0_as_expected() -> None:
    status, out, err = simulate(str(FIRST))
    assert (status, err) == (0, [])
    assert out[0] == "2026-05-04 09:00  ann  entered"


def test_6_1_differing_lines_follow_on_stderr_with_1(other: Path) -> None:
    status, out, err = simulate(str(other))
    assert status == 1
    assert "2026-05-07 09:00  ann  executed  c" in out
    assert err == [
        "+ 2026-05-07 09:00 ann executed c",
        "- 2026-05-08 09:00 ann executed c",
    ] or err == ["- 2026-05-08 09:00 ann executed c", "+ 2026-05-07 09:00 ann executed c"]


def test_6_1_a_file_that_cannot_be_understood_is_2_with_file_place_and_reason(tmp_path: Path) -> None:
    path = tmp_path / "faulty.yaml"
    path.write_text(FIRST.read_text().replace("op: is", "op: resembles"))
    status, out, err = simulate(str(path))
    assert (status, out) == (2, [])
    assert err[0].startswith(f"{path}: line ")
    assert "resembles" in err[0]


@pytest.mark.parametrize("text", [None, b"\xff\xfe\x00"])
def test_6_1_a_file_that_is_missing_or_no_text_is_2(text: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "gone.yaml"
    if text is not None:
        path.write_bytes(text)
    assert simulate(str(path))[0] == 2


def test_6_1_of_several_files_each_trace_stands_under_its_path_and_the_highest_status_counts(
    other: Path,
) -> None:
    status, out, _ = simulate(str(FIRST), str(other), str(FIRST))
    assert status == 1
    assert [line for line in out if line.startswith("#")] == [f"# {FIRST}", f"# {other}", f"# {FIRST}"]


def test_6_1_json_prints_one_object_a_line(other: Path) -> None:
    status, out, err = simulate("--json", str(other))
    assert status == 1
    assert json.loads(out[1]) == {
        "file": str(other),
        "at": "2026-05-04T09:00:00+02:00",
        "contact": "ann",
        "event": "executed",
        "detail": ["a"],
        "sequence": "Outbound",
    }
    assert {json.loads(line)["diff"] for line in err} == {"-", "+"}
    assert set(json.loads(err[0])) == {"file", "diff", "line"}


def test_6_1_nothing_is_left_behind() -> None:
    before = (Tenant.objects.count(), User.objects.count(), Contact.objects.count())
    simulate(str(FIRST))
    assert (Tenant.objects.count(), User.objects.count(), Contact.objects.count()) == before
