"""Sequences as files: what is written is read again, into the same workspace and into another."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
import yaml
from django.core.management import CommandError, call_command

from audience.catalogue import make_field
from audience.commands import views as view_commands
from audience.models import SavedView
from messaging import templating
from messaging.models import Template
from sequences.commands import editing
from sequences.commands.files import arriving, import_library, known_to
from sequences.files import library as libraries
from sequences.files.exporting import export
from sequences.files.library import Library, read_library
from sequences.files.scenario import FaultyFile, read_scenario
from sequences.files.specs import Scenario
from sequences.models import Sequence
from sequences.refusals import Refused
from tenants.models import Member, Tenant
from tenants.wall import use
from tests.apps.sequences.lives import stage
from tests.factories import NOW, make_member, make_tenant

pytestmark = pytest.mark.django_db

SCENARIOS = Path(__file__).parents[2] / "scenarios"

BODY = """
users: [{email: mia@us.example, name: Mia, role: rep}]
views: [{name: Warm, conditions: [{field: tags, op: has_any, value: [warm]}]}]
sequences:
  - name: Outbound
    kind: classic
    status: draft
    from: mia@us.example
    description: First touch
    tags: [outbound]
    schedule: {time: "09:30", timezone: Asia/Tokyo, exclude_weekends: true, holidays: [2026-12-25]}
    audience:
      match: any
      conditions: [{field: created_at, op: after, value: 2026-01-31}, {field: score, op: between, value: [1, 2.5]}]
      views: [Warm]
      unique_email: true
    exit: {replied: false, conditions: [{field: lifecycle_stage, op: is, value: Customer}]}
    out_of_office: ignore
    reentry: 90
    recipient_window: "08:00-24:00"
    steps:
      - {key: intro, day: 1, kind: email, template: t, track_opens: false, cc: [owner]}
      - key: bump
        day: 3
        kind: email
        template: named
        thread: reply
        conditions: [{field: step.intro.opened, op: is, value: false}]
      - {key: ring, day: 5, kind: call, title: "Call {{ first_name }}", due: {days: 2}, off: true}
"""


def read(text: str, by: Member) -> Library:
    return read_library(text, file="f.yaml", known=known_to(by))


def faults(text: str, by: Member) -> list[str]:
    with pytest.raises(FaultyFile) as caught:
        read(text, by)
    return [f"{fault.place}: {fault.reason}" for fault in caught.value.faults]


def without_people(text: str) -> dict[str, object]:
    """What a file says of its only sequence, but its owner, sender and status."""
    (raw,) = yaml.safe_load(text)["sequences"]
    return {key: value for key, value in raw.items() if key not in ("owner", "from", "status")}


def test_what_is_exported_is_imported_into_another_workspace(tenant: Tenant) -> None:
    stage(tenant, BODY)
    text = export(Sequence.objects.all())
    with use(make_tenant()):
        rita = make_member("sales_rep", "rita@fabrikam.example")
        (made,) = import_library(library=read(text, rita), by=rita, now=NOW)
        assert (made.status, made.owner, made.sender_mode) == ("draft", rita, "owner")
        assert set(Template.objects.values_list("name", "owner", "is_shared")) == {
            ("t", rita.pk, False),
            ("named", rita.pk, False),
        }
        assert SavedView.objects.get().owner == rita
        assert without_people(export([made])) == without_people(text)


def ready(scenario: Scenario, email: str) -> Member:
    """Somebody who brings a file into a workspace that has the users and fields of the scenario already."""
    for custom in scenario.custom_fields:
        make_field(custom.record, custom.key, custom.type)
    for user in scenario.users:
        make_member("sales_rep", user.email)
    return make_member("admin", email)


@pytest.mark.parametrize("file", sorted(SCENARIOS.glob("*.yaml")), ids=lambda file: file.stem)
def test_every_scenario_survives_export_and_import(file: Path, tenant: Tenant) -> None:
    scenario = read_scenario(file.read_text(encoding="utf-8"), file=file.name)
    by = ready(scenario, "by@us.example")
    made = import_library(library=read(file.read_text(encoding="utf-8"), by), by=by, now=NOW)
    text = export(made)
    with use(make_tenant()):
        other = ready(scenario, "by@us.example")
        again = import_library(library=read(text, other), by=other, now=NOW)
        assert export(again) == text


def test_what_is_there_with_the_same_content_is_used(tenant: Tenant) -> None:
    stage(tenant, BODY)
    mia = Member.objects.get(user__email="mia@us.example")
    Template.objects.update(owner=mia)
    SavedView.objects.update(owner=mia)
    library = read(export(Sequence.objects.all()), mia)
    found = arriving(library, by=mia)
    assert (found.templates, found.views) == ([], [])
    assert [name for _, name in found.sequences] == ["Outbound (2)"]
    (made,) = import_library(library=library, by=mia, now=NOW)
    assert made.sender == mia and Template.objects.count() == 2 and SavedView.objects.count() == 1


def test_what_has_the_same_name_and_another_content_is_added_beside_it(tenant: Tenant) -> None:
    stage(tenant, BODY)
    mia = Member.objects.get(user__email="mia@us.example")
    text = export(Sequence.objects.all()).replace("it is me", "it is I").replace("warm", "hot")
    (made,) = import_library(library=read(text, mia), by=mia, now=NOW)
    assert set(Template.objects.values_list("name", flat=True)) == {"t", "t (2)", "named"}
    assert made.plan.steps.get(key="intro").template.name == "t (2)"  # type: ignore[union-attr]
    assert [link.view.name for link in made.sequence_views.all()] == ["Warm (2)"]


def test_everything_wrong_is_named_at_its_line(tenant: Tenant) -> None:
    rep = make_member("sales_rep", "rep@us.example")
    text = """sequences:
  - name: X
    kind: classic
    schedule: {time: "25:00"}
    surprise: 1
    audience: {conditions: [{field: shoe_size, op: is, value: 44}]}
    steps:
      - {key: a, day: 1, kind: email, template: nowhere}
"""
    found = faults(text, rep)
    assert [one.split(",")[0] for one in found] == ["line 4", "line 5", "line 6", "line 8"]
    assert "shoe_size" in found[2] and "there is no template “nowhere”" in found[3]


def test_a_template_with_an_unknown_field_is_refused(tenant: Tenant) -> None:
    rep = make_member("sales_rep", "rep@us.example")
    stage(tenant, BODY.replace("mia@us.example", "mia2@us.example"))
    text = export(Sequence.objects.all()).replace("contact.first_name", "contact.shoe_size")
    assert ["shoe_size" in one for one in faults(text, rep)] == [True]


def test_a_file_without_sequences_is_refused(tenant: Tenant) -> None:
    rep = make_member("sales_rep", "rep@us.example")
    assert faults("templates: {}\n", rep) == ["line 1, sequences: there is no sequence in it"]
    assert faults("- 1\n", rep)[0].startswith("line 1")
    assert "YAML" in faults("a: [", rep)[0] or "line" in faults("a: [", rep)[0]


def test_strangers_are_replaced_and_named(tenant: Tenant) -> None:
    rep = make_member("sales_rep", "rep@us.example")
    text = (
        BODY.replace("from: mia@us.example", "from: zoe@else.example")
        + "templates: {t: {subject: a, body: b}, named: {subject: a, body: b}}\n"
    )
    found = read(text, rep)
    assert found.strangers == ("zoe@else.example",) and found.left_out == ("users",)


def test_a_role_with_a_limit_brings_all_or_nothing(tenant: Tenant) -> None:
    rep = make_member("sales_rep", "rep@us.example")
    rep.role.sequences_per_user = 1
    rep.role.save()
    one = 'schedule: {time: "09:00"}, steps: [{key: a, day: 1, kind: call, title: Call}]'
    text = f"sequences:\n  - {{name: A, kind: classic, {one}}}\n  - {{name: B, kind: classic, {one}}}\n"
    with pytest.raises(Refused, match="Your role permits 1 sequence"):
        import_library(library=read(text, rep), by=rep, now=NOW)
    assert not Sequence.objects.exists()


def test_an_incomplete_draft_is_not_written(tenant: Tenant) -> None:
    stage(tenant, BODY)
    sequence = Sequence.objects.get()
    sequence.plan.steps.filter(key="intro").update(template=None)
    with pytest.raises(Refused, match="has no template yet"):
        export([sequence])


def test_the_commands_do_the_same(tenant: Tenant, tmp_path: Path) -> None:
    stage(tenant, BODY)
    out = io.StringIO()
    call_command("export_sequences", "outbound", tenant=tenant.slug, stdout=out)
    file = tmp_path / "one.yaml"
    file.write_text(out.getvalue(), encoding="utf-8")
    said = io.StringIO()
    call_command(
        "import_sequences",
        str(file),
        "--tenant",
        tenant.slug,
        "--as",
        "by@" + f"{tenant.slug}.example",
        stdout=said,
    )
    assert said.getvalue() == "Outbound (2)\n"
    call_command(
        "import_sequences",
        str(file),
        "--tenant",
        tenant.slug,
        "--as",
        f"by@{tenant.slug}.example",
        "--dry-run",
        stdout=said,
    )
    assert Sequence.objects.count() == 2
    for wrong, words in (
        ("--as nobody@x.example", "there is no member"),
        ("--tenant x", "there is no workspace"),
    ):
        arguments = {"--tenant": tenant.slug, "--as": f"by@{tenant.slug}.example"} | dict([wrong.split()])
        with pytest.raises(CommandError, match=words):
            call_command(
                "import_sequences", str(file), *[part for pair in arguments.items() for part in pair]
            )
    file.write_text("sequences: 7", encoding="utf-8")
    with pytest.raises(CommandError, match="a list is wanted"):
        call_command(
            "import_sequences", str(file), "--tenant", tenant.slug, "--as", f"by@{tenant.slug}.example"
        )
    with pytest.raises(CommandError, match="there is no sequence"):
        call_command("export_sequences", "nothing", tenant=tenant.slug)


SMALL = """
templates: {t: {subject: Hi, body: "<p>x</p>"}}
sequences:
  - name: Small
    kind: classic
    schedule: {time: "09:00"}
    steps: [{key: a, day: 1, kind: email, template: t}]
"""


def test_a_name_is_one_that_the_pages_would_take(tenant: Tenant) -> None:
    by = make_member("sales_rep", "rita@fabrikam.example")
    assert faults(SMALL.replace("Small", "x" * 121), by) == [
        "line 4, sequences[1].name: a name has at most 120 characters; this one has 121"
    ]
    assert "stands on one line" in faults(SMALL.replace("Small", '"a\\nb"'), by)[0]
    twice = SMALL + SMALL.partition("sequences:\n")[2].replace("Small", "SMALL")
    assert faults(twice, by) == ["line 8, sequences.SMALL: the name “SMALL” is there twice"]
    assert (libraries.LONGEST_VIEW, libraries.LONGEST_TEMPLATE, libraries.LONGEST_SEQUENCE) == (
        view_commands.LONGEST_NAME,
        templating.LONGEST_NAME,
        editing.NAME_LENGTH,
    )


def test_a_long_name_that_is_taken_gives_way_to_its_number(tenant: Tenant) -> None:
    by = make_member("sales_rep", "rita@fabrikam.example")
    text = SMALL.replace("Small", "x" * 120)
    names = [import_library(library=read(text, by), by=by, now=NOW)[0].name for _ in range(2)]
    assert names == ["x" * 120, "x" * 116 + " (2)"]


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ('"a\\0b"', "line 4: a text cannot have the character U+0000"),
        ("a\0b", "line 4: the character U+0000 cannot stand in a file"),
        ("a\x07b", "line 4: the character U+0007 cannot stand in a file"),
    ],
)
def test_characters_that_nothing_can_keep_are_refused_with_their_line(
    tenant: Tenant, written: str, said: str
) -> None:
    by = make_member("sales_rep", "rita@fabrikam.example")
    assert faults(SMALL.replace("Small", written), by) == [said]
