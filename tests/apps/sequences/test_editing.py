"""Making and changing sequences: sequences.commands.editing."""

from datetime import date, time

import pytest
from django.core.exceptions import PermissionDenied

from audience.models import Contact, SavedView
from sequences.commands.editing import change_settings, clone_sequence, create_sequence, delete_draft
from sequences.commands.planning import add_step
from sequences.engine.questions import PERSON, Questions
from sequences.models import Enrollment, Sequence, Status
from sequences.refusals import Refused
from steps.models import Plan, Step
from tenants.models import AuditLine, Member, Tenant
from tests.factories import NOW, ContactFactory, make_member


@pytest.fixture
def rep(tenant: Tenant) -> Member:
    return make_member("sales_rep")


def make(by: Member, name: str = "Outbound", **values: object) -> Sequence:
    return create_sequence(name=name, by=by, now=NOW, **values)  # type: ignore[arg-type]


def test_a_new_sequence_is_an_empty_draft_of_its_maker(rep: Member) -> None:
    sequence = make(rep)
    assert (sequence.owner, sequence.status, sequence.kind) == (rep, Status.DRAFT, "classic")
    assert sequence.plan.steps.count() == 0
    assert sequence.timezone == rep.timezone
    assert AuditLine.objects.get().verb == "sequence.create"


def test_a_name_is_taken_without_case_and_blanks(rep: Member) -> None:
    make(rep, "VP  Sales ")
    with pytest.raises(Refused) as refused:
        make(rep, "vp sales")
    assert refused.value.field == "name"
    assert Sequence.objects.count() == 1


@pytest.mark.parametrize("name", ["", "  ", "x" * 121])
def test_a_name_is_neither_empty_nor_endless(rep: Member, name: str) -> None:
    with pytest.raises(Refused) as refused:
        make(rep, name)
    assert refused.value.field == "name"


def test_who_may_not_create_makes_nothing(tenant: Tenant) -> None:
    with pytest.raises(PermissionDenied):
        make(make_member("read_only"))
    assert not Sequence.objects.exists()


def test_a_role_may_limit_the_number_of_sequences(rep: Member) -> None:
    rep.role.sequences_per_user = 1
    make(rep)
    with pytest.raises(Refused, match="permits 1"):
        make(rep, "Second")


def test_a_change_keeps_before_and_after(rep: Member) -> None:
    sequence = make(rep)
    changed = change_settings(
        sequence=sequence, by=rep, now=NOW, run_time=time(10, 30), holidays=["2026-12-25"], exclusive=False
    )
    assert changed == ["run_time", "holidays"]
    assert sequence.run_time == time(10, 30)
    line = AuditLine.objects.get(verb="sequence.change")
    assert line.data["before"]["run_time"] == "09:00:00"
    assert line.data["after"]["run_time"] == "10:30:00"


def test_the_schedule_of_a_draft_has_not_changed_under_anybody(rep: Member) -> None:
    sequence = make(rep)
    change_settings(sequence=sequence, by=rep, now=NOW, run_time=time(10))
    assert sequence.schedule_changed_at is None
    Sequence.objects.update(activated_at=NOW)
    change_settings(sequence=sequence, by=rep, now=NOW, run_time=time(11))
    assert sequence.schedule_changed_at == NOW


def test_a_rename_keeps_the_row_and_may_change_case_only(rep: Member) -> None:
    sequence = make(rep)
    change_settings(sequence=sequence, by=rep, now=NOW, name="OUTBOUND")
    assert Sequence.objects.get(pk=sequence.pk).name == "OUTBOUND"


def test_the_record_is_fixed_by_activation(rep: Member) -> None:
    sequence = make(rep)
    change_settings(sequence=sequence, by=rep, now=NOW, record="account")
    Sequence.objects.update(activated_at=NOW)
    with pytest.raises(Refused) as refused:
        change_settings(sequence=sequence, by=rep, now=NOW, record="contact")
    assert refused.value.field == "record"


def test_a_view_of_another_record_is_no_way_in(rep: Member) -> None:
    sequence = make(rep)
    leads = SavedView.objects.create(name="Leads", record="contact")
    firms = SavedView.objects.create(name="Firms", record="account")
    assert change_settings(sequence=sequence, by=rep, now=NOW, views=[leads]) == ["views"]
    assert change_settings(sequence=sequence, by=rep, now=NOW, views=[leads]) == []
    with pytest.raises(Refused) as refused:
        change_settings(sequence=sequence, by=rep, now=NOW, views=[firms])
    assert refused.value.field == "views"
    assert [link.view for link in sequence.sequence_views.all()] == [leads]


def test_anothers_sequence_is_not_changed_also_when_it_is_shared(rep: Member) -> None:
    other = make_member("sales_rep")
    sequence = make(other, is_shared=True)
    with pytest.raises(PermissionDenied):
        change_settings(sequence=sequence, by=rep, now=NOW, name="Mine")


def test_a_clone_is_a_draft_of_its_maker_with_the_same_steps(rep: Member) -> None:
    other = make_member("sales_rep")
    sequence = make(other, is_shared=True, exclude_weekends=True)
    add_step(sequence=sequence, kind="call", by=other, now=NOW, day=2, settings={"title": "Ring"})
    made = clone_sequence(sequence=sequence, by=rep, now=NOW)
    assert (made.name, made.owner, made.is_shared) == ("Outbound (copy)", rep, False)
    assert made.exclude_weekends
    step = made.plan.steps.get()
    assert (step.key, step.day, step.settings) == ("call1", 2, {"title": "Ring"})
    assert clone_sequence(sequence=made, by=rep, now=NOW).name == "Outbound (copy 2)"


def test_what_one_may_not_see_cannot_be_cloned(rep: Member) -> None:
    sequence = make(make_member("sales_rep"))
    with pytest.raises(PermissionDenied):
        clone_sequence(sequence=sequence, by=rep, now=NOW)


def test_a_draft_is_deleted_with_its_plan(rep: Member) -> None:
    sequence = make(rep)
    delete_draft(sequence=sequence, by=rep, now=NOW)
    assert not Sequence.objects.exists() and not Plan.objects.exists()


def test_what_was_active_is_not_deleted(rep: Member) -> None:
    sequence = make(rep)
    Sequence.objects.update(activated_at=NOW, status=Status.PAUSED)
    with pytest.raises(Refused, match="archive it"):
        delete_draft(sequence=sequence, by=rep, now=NOW)


def test_dates_are_kept_as_text_in_the_audit_log(rep: Member) -> None:
    sequence = make(rep)
    change_settings(sequence=sequence, by=rep, now=NOW, holidays=[str(date(2026, 12, 24))])
    assert AuditLine.objects.get(verb="sequence.change").data["after"]["holidays"] == ["2026-12-24"]


def test_only_known_kinds_and_records_are_taken(rep: Member) -> None:
    for wrong in ({"kind": "clasic"}, {"record": "lead"}):
        with pytest.raises(Refused) as refused:
            make(rep, **wrong)
        assert refused.value.field in wrong
    sequence = make(rep)
    with pytest.raises(Refused, match="“lead” is no kind of record of a sequence"):
        change_settings(sequence=sequence, by=rep, now=NOW, record="lead")
    assert Sequence.objects.get().record == "contact"


@pytest.mark.parametrize("field", ["sequence", "contact.sequence"])
def test_conditions_follow_a_sequence_that_is_renamed(rep: Member, field: str) -> None:
    made, other = make(rep, "Outbound"), make(rep, "Second")
    asked = [
        {"field": field, "op": "never_in", "value": "OUTBOUND"},
        {"field": "city", "op": "is", "value": "Outbound"},
    ]
    view = SavedView.objects.create(name="New", conditions=asked)
    change_settings(sequence=other, by=rep, now=NOW, entry_conditions=asked, exit_conditions=asked)
    step = add_step(sequence=other, kind="call", by=rep, now=NOW)
    Step.objects.filter(pk=step.pk).update(
        conditions=asked, settings={"title": "Outbound", "sequence": "outbound", "conditions": asked}
    )
    Step.objects.filter(plan=made.plan).update(conditions=[])
    change_settings(sequence=made, by=rep, now=NOW, name="Spring fair")
    told = [asked[0] | {"value": "Spring fair"}, asked[1]]
    for row in (view, other, step):
        row.refresh_from_db()
    assert view.conditions == other.entry_conditions == other.exit_conditions == step.conditions == told
    assert step.settings == {"title": "Outbound", "sequence": "Spring fair", "conditions": told}


def test_who_was_kept_out_of_a_sequence_stays_out_when_the_other_one_is_renamed(rep: Member) -> None:
    first, second = make(rep, "First"), make(rep, "Second")
    ann = ContactFactory(first_name="Ann", email="ann@x.example")
    Enrollment.objects.create(sequence=first, contact=ann, entered_at=NOW, plan=None)
    never = [{"field": "sequence", "op": "never_in", "value": "First"}]
    change_settings(sequence=second, by=rep, now=NOW, entry_conditions=never)
    change_settings(sequence=first, by=rep, now=NOW, name="Renamed")
    second.refresh_from_db()
    questions = Questions(second, {}, NOW.date())
    group = questions.read({"match": "all", "conditions": second.entry_conditions})
    assert list(Contact.objects.filter(questions.of_people(group, PERSON))) == []
