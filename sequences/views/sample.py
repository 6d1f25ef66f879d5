"""Send me a test: the mail of a step to the member's own address, as a contact would get it."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.timezone import now
from django.views.decorators.http import require_POST

from audience.views.lookup import contacts_seen
from messaging import testmail
from messaging.testmail import CannotTest, Written
from sequences.models import Sequence
from sequences.reading.audience import first_of
from sequences.reading.material import Material
from sequences.views.access import changed_by, number_of
from sequences.views.editor import context_of
from sequences.views.panel import StepPanel
from tenants.access import MemberRequest, as_member, outside_transaction
from tenants.commands import audit
from tenants.fragments import page
from tenants.models import Member
from tenants.policy import require_any


@outside_transaction
@require_POST
def send(request: MemberRequest, pk: int) -> HttpResponse:
    """Write the mail of the panel as it stands there, or of a stored step; hand it to the member's own server."""
    said = {"test_sent": "", "test_fault": ""}
    try:
        with as_member(request) as member:
            require_any(member, "sequence.view")
            sequence = changed_by(request, pk)
            written, whose = _write(request, sequence, member)
        testmail.send(written)
        said["test_sent"] = f"Sent to {written.recipient}, as {whose} would get it."
    except CannotTest as cannot:
        said["test_fault"] = str(cannot)
    with as_member(request):
        return _answer(request, changed_by(request, pk), said)


def _write(request: MemberRequest, sequence: Sequence, by: Member) -> tuple[Written, str]:
    """The mail, and the name of the contact as whom it is written. Raises CannotTest."""
    panel = _panel(request, Material(sequence, by))
    panel.form.is_valid()
    for name in ("template", "reply_to"):
        if faults := panel.form.errors.get(name):
            raise CannotTest(str(faults[0]))
    cleaned = panel.form.cleaned_data
    template = cleaned["template"]
    if template.current is None:
        raise CannotTest(f"“{template.name}” is empty.")
    contacts = contacts_seen(request)
    chosen = number_of(request.POST.get("contact", ""))
    contact = contacts.filter(pk=chosen).first() if chosen else first_of(sequence, contacts, now=now())
    if contact is None:
        raise CannotTest("There is no contact yet as whom it could be written.")
    given = {"reply_to": "".join(cleaned["reply_to"]), "unsubscribe": cleaned["unsubscribe"]}
    written = testmail.write(version=template.current, contact=contact, by=by, given=given, now=now())
    audit(by=by, verb="sequence.test_mail", obj=sequence, at=now(), template=template.pk, contact=contact.pk)
    return written, contact.name


def _panel(request: MemberRequest, material: Material) -> StepPanel:
    """The panel as it was posted; a form that only names a step is the step as it is stored."""
    step = material.step(request.GET.get("step", "") or request.POST.get("step", ""))
    if step is not None and step.kind != "email":
        raise CannotTest("Only emails can be tested.")
    if "template" in request.POST:
        return StepPanel(material, kind="email", step=step, data=request.POST)
    if step is None:
        raise CannotTest("Choose the email to test.")
    stored: dict[str, Any] = {"template": step.template_id, "thread": "new"} | step.settings
    flags = {name: "on" for name in ("unsubscribe",) if step.settings.get(name, True)}
    return StepPanel(material, kind="email", step=step, data=_typed(stored) | flags | {"day": step.day})


def _typed(settings: dict[str, Any]) -> dict[str, Any]:
    return {name: ", ".join(value) if isinstance(value, list) else value for name, value in settings.items()}


def _answer(request: MemberRequest, sequence: Sequence, said: dict[str, str]) -> HttpResponse:
    """A fragment, or without JS the editor with the panel as it was typed."""
    if request.htmx:
        return render(request, "sequences/_test_said.html", said)
    material = Material(sequence, request.member)
    step = material.step(request.GET.get("step", ""))
    has_panel = "template" in request.POST
    panel = StepPanel(material, kind="email", step=step, data=request.POST) if has_panel else None
    status = 422 if said["test_fault"] else 200
    return page(request, "sequences/edit.html", context_of(material, panel=panel) | said, status=status)
