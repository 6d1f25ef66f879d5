"""/templates/: the list, the editor with its preview, copies, archiving."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Count, Max, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from audience.lists import named
from audience.models import Contact
from audience.views.lookup import contacts_seen, key, text_of
from messaging.commands.templates import copy_template, may_change, set_archived
from messaging.liquid import TemplateFault
from messaging.markup import plain_look
from messaging.models import Message, Template
from messaging.template_forms import TemplateForm, placeholders
from messaging.templating import TemplateRefused, preview, save_template
from messaging.usage import uses_of
from messaging.written import as_html
from tenants.access import MemberRequest, requires
from tenants.fragments import page
from tenants.models import Member
from tenants.policy import can, require_any

MAY = ("template.personal", "template.shared")
TABS = ("all", "mine", "shared", "archived")
PAGE = 200


def seen(member: Member) -> QuerySet[Template]:
    """The e-mail templates that the member may use: shared ones and their own."""
    found = Template.objects.filter(Q(is_shared=True) | Q(owner=member), channel="email")
    return found.select_related("current__made_by__user", "owner__user")


def of_tab(tab: str, member: Member) -> Q:
    live = Q(archived_at=None)
    return {"mine": live & Q(owner=member), "shared": live & Q(is_shared=True)}.get(
        tab, ~live if tab == "archived" else live
    )


@require_safe
@requires(*MAY)
def index(request: MemberRequest) -> HttpResponse:
    """The templates that one may use, with where they are used and how often they were sent."""
    member, tab, q = request.member, request.GET.get("tab", "all"), text_of(request.GET, "q")
    tab = tab if tab in TABS else "all"
    found = seen(member).filter(of_tab(tab, member))
    for word in q.lower().split()[:5]:
        found = found.filter(Q(name_norm__contains=word) | Q(current__subject__icontains=word))
    rows = list(found.order_by("name_norm", "pk")[:PAGE])
    ids = [row.pk for row in rows]
    counted = {tab: Count("pk", filter=of_tab(tab, member)) for tab in TABS}
    context = {
        "tab": tab,
        "q": q,
        "templates": [(row, may_change(member, row)) for row in rows],
        "counts": seen(member).order_by().aggregate(**counted),
        "uses": uses_of(ids),
        "sent": _sent(ids),
        "now": now(),
    }
    return page(request, "messaging/templates.html", context, parts=("templates",))


def _sent(ids: list[int]) -> dict[int, dict[str, Any]]:
    """How many mails of each were sent, and when last: one statement."""
    path = "mailing__template_version__template"
    rows = Message.objects.filter(**{f"{path}__in": ids}, sent_at__isnull=False).order_by().values_list(path)
    counted = rows.annotate(n=Count("pk"), at=Max("sent_at"))
    return {pk: {"n": n, "at": at} for pk, n, at in counted}


@require_http_methods(["GET", "HEAD", "POST"])
@requires(*MAY)
def new(request: MemberRequest) -> HttpResponse:
    """Write a template."""
    return _edit(request, None)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(*MAY)
def edit(request: MemberRequest, pk: int) -> HttpResponse:
    """Change a template; the next run sends what is saved (F-27)."""
    if request.method == "POST":
        list(Template.objects.select_for_update(no_key=True, of=("self",)).filter(pk=pk).values_list("pk"))
    template = get_object_or_404(seen(request.member), pk=pk)
    if not may_change(request.member, template):
        require_any(request.member, "template.shared")
    return _edit(request, template)


def _edit(request: MemberRequest, template: Template | None) -> HttpResponse:
    form = TemplateForm(
        request.POST if request.method == "POST" else None, by=request.member, template=template
    )
    if form.is_bound and form.is_valid() and (saved := _saved(request, form, template)):
        messages.success(request, f"{saved.name} is saved. The next run sends it as it is now.")
        return redirect("template", saved.pk)
    context = {
        "form": form,
        "template": template,
        "fields": placeholders(),
        "contacts": _some_contacts(request),
        "uses": uses_of([template.pk]).get(template.pk, 0) if template else 0,
    }
    return render(request, "messaging/template_edit.html", context, status=422 if form.errors else 200)


def _saved(request: MemberRequest, form: TemplateForm, template: Template | None) -> Template | None:
    """The template as it is kept now; None where it is refused, and each fault stands at its field with its line."""
    given = form.cleaned_data
    try:
        version = save_template(
            by=request.member,
            name=given["name"],
            subject=given["subject"],
            body=form.html,
            is_shared=given["is_shared"],
            template=template,
            now=now(),
        )
    except TemplateRefused as refused:
        for fault in refused.faults:
            at_line = f"Line {fault.line}: " if fault.place == "body" and fault.line > 1 else ""
            form.add_error(fault.place if fault.place in form.fields else None, f"{at_line}{fault.reason}")
        return None
    return version.template


@require_safe
@requires(*MAY)
def detail(request: MemberRequest, pk: int) -> HttpResponse:
    """A template as one contact would get it, where it is used, its versions."""
    template = get_object_or_404(seen(request.member), pk=pk)
    contacts = _some_contacts(request)
    version = template.current
    context = {
        "template": template,
        "may_change": may_change(request.member, template),
        "may_copy": can(request.member, "template.personal"),
        "contacts": contacts,
        "versions": template.versions.select_related("made_by__user").order_by("-number")[:20],
        "sent": _sent([template.pk]).get(template.pk, {}),
        "uses": uses_of([template.pk]).get(template.pk, 0),
        "now": now(),
    } | _shown(request, version.subject if version else "", version.body if version else "", contacts)
    return render(request, "messaging/template.html", context)


@require_POST
@requires(*MAY)
def preview_of(request: MemberRequest) -> HttpResponse:
    """What stands in the editor as a contact would get it; nothing is kept. A fragment."""
    given = request.POST
    contacts = _some_contacts(request)
    body = as_html(given.get("body", "").replace("\x00", ""))
    context = _shown(request, given.get("subject", "").replace("\x00", ""), body, contacts)
    return render(request, "messaging/_preview.html", context)


def _shown(request: MemberRequest, subject: str, body: str, contacts: list[Contact]) -> dict[str, Any]:
    contact = contacts[0] if contacts else None
    context: dict[str, Any] = {"contact": contact, "mail": None, "fault": "", "missing": ()}
    if contact is None:
        return context
    try:
        found = preview(subject, body, contact=contact, sender=request.member)
    except TemplateFault as fault:
        return context | {"fault": str(fault)}
    return context | {"mail": found, "html": plain_look(found.html), "missing": found.missing}


def _some_contacts(request: MemberRequest) -> list[Contact]:
    """Contacts to preview with: first the one asked for by id or name, then the newest."""
    asked = request.POST if request.method == "POST" else request.GET
    chosen, text = key(asked, "contact"), text_of(asked, "as")
    people = contacts_seen(request).order_by("-pk")
    if text:
        return list(named(people, text)[:10])
    newest = list(people[:10])
    if chosen is None or any(contact.pk == chosen for contact in newest):
        return sorted(newest, key=lambda contact: contact.pk != chosen)
    return [*people.filter(pk=chosen), *newest]


def _changed(request: MemberRequest, pk: int) -> Template:
    template = get_object_or_404(seen(request.member), pk=pk)
    if not may_change(request.member, template):
        require_any(request.member, "template.shared")
    return template


@require_POST
@requires("template.personal")
def copy(request: MemberRequest, pk: int) -> HttpResponse:
    """A personal copy, to be changed at once."""
    template = get_object_or_404(seen(request.member), pk=pk)
    try:
        version = copy_template(template=template, by=request.member, now=now())
    except TemplateRefused as refused:
        messages.error(request, f"Not copied: {refused.faults[0].reason}")
        return redirect("template", template.pk)
    return redirect("template-edit", version.template_id)


@require_POST
@requires(*MAY)
def archive(request: MemberRequest, pk: int) -> HttpResponse:
    """Out of the pickers; steps that name it say so before they are activated."""
    template = _changed(request, pk)
    if set_archived(template=template, by=request.member, now=now(), archived=True):
        messages.success(request, f"{template.name} is archived.")
    return redirect("templates")


@require_POST
@requires(*MAY)
def restore(request: MemberRequest, pk: int) -> HttpResponse:
    """Back into the pickers."""
    template = _changed(request, pk)
    set_archived(template=template, by=request.member, now=now(), archived=False)
    return redirect("template", template.pk)
