"""Connecting mailboxes. Settings are tried before they are stored, outside of any transaction."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.timezone import now
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from messaging.commands.mailboxes import keep_mailbox, make_default, note_test, switch_off, within_reach
from messaging.mailbox_forms import MailboxForm
from messaging.mailboxes import server_of
from messaging.models import Mailbox
from messaging.probing import Trouble, probe
from tenants.access import MemberRequest, as_member, outside_transaction, requires
from tenants.fragments import page
from tenants.models import Member
from tenants.policy import can, require_any
from tenants.secrets import Unreadable

MAY = ("mailbox.connect", "mailbox.manage")


@require_safe
@requires(*MAY)
def index(request: MemberRequest) -> HttpResponse:
    """One's own mailboxes; for who manages them, everybody's."""
    me = request.member
    reach = within_reach(me).order_by("member__user__name", "member", "-is_default", "pk")
    mailboxes = sorted(reach, key=lambda mailbox: mailbox.member_id != me.pk)
    context = {
        "mailboxes": mailboxes,
        "mine": sum(mailbox.member_id == me.pk for mailbox in mailboxes),
        "now": now(),
        "manages": can(me, "mailbox.manage"),
    }
    return page(request, "messaging/mailboxes.html", context)


@outside_transaction
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: MemberRequest) -> HttpResponse:
    """Connect a mailbox."""
    with as_member(request) as member:
        require_any(member, *MAY)
        fresh = Mailbox(member=member, name=member.name, email=member.email, smtp_username=member.email)
        form = _form(request, fresh)
        if not (form.is_bound and form.is_valid()):
            return _page(request, form)
    return _try_and_keep(request, form)


@outside_transaction
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: MemberRequest, mailbox_id: int) -> HttpResponse:
    """Change a mailbox."""
    with as_member(request) as member:
        require_any(member, *MAY)
        form = _form(request, _mailbox(member, mailbox_id))
        if not (form.is_bound and form.is_valid()):
            return _page(request, form)
    return _try_and_keep(request, form)


@outside_transaction
@require_POST
def test(request: MemberRequest, mailbox_id: int) -> HttpResponse:
    """Try a mailbox as it is stored; one that was switched off is switched on by it."""
    with as_member(request) as member:
        require_any(member, *MAY)
        mailbox = _mailbox(member, mailbox_id)
        try:
            server = server_of(mailbox)
        except Unreadable as unreadable:
            messages.error(request, str(unreadable))
            return redirect("mailbox", mailbox_id)
    trouble = probe(server)
    with as_member(request) as member:
        note_test(mailbox=_mailbox(member, mailbox_id), trouble=trouble, by=member, now=now())
    if trouble:
        messages.error(request, f"{mailbox.email}: {trouble.words}")
    else:
        messages.success(request, f"{mailbox.email} works.")
    return redirect("mailboxes")


@require_POST
@requires(*MAY)
def default(request: MemberRequest, mailbox_id: int) -> HttpResponse:
    """Let a member's automatic e-mails leave from this one."""
    mailbox = _mailbox(request.member, mailbox_id)
    make_default(mailbox=mailbox, by=request.member, now=now())
    messages.success(request, f"New mails leave from {mailbox.email}.")
    return redirect("mailboxes")


@require_POST
@requires(*MAY)
def off(request: MemberRequest, mailbox_id: int) -> HttpResponse:
    """Let nothing leave from a mailbox any more."""
    mailbox = _mailbox(request.member, mailbox_id)
    switch_off(mailbox=mailbox, by=request.member, now=now())
    messages.success(request, f"{mailbox.email} is switched off; its mails wait.")
    return redirect("mailboxes")


def _mailbox(member: Member, mailbox_id: int) -> Mailbox:
    return get_object_or_404(within_reach(member), pk=mailbox_id)


def _form(request: MemberRequest, mailbox: Mailbox) -> MailboxForm:
    posted = request.POST if request.method == "POST" else None
    return MailboxForm(posted, mailbox=mailbox, by=request.member, members=_members(request.member))


def _try_and_keep(request: MemberRequest, form: MailboxForm) -> HttpResponse:
    try:
        mailbox, password, server = form.filled(request.member)
        trouble = probe(server)
    except Unreadable as unreadable:
        trouble = Trouble("password", str(unreadable), lasting=True)
    with as_member(request) as member:
        if trouble:
            form.add_error(trouble.field or None, trouble.words)
            return _page(request, form)
        if not mailbox._state.adding:
            row = get_object_or_404(
                within_reach(member).select_for_update(no_key=True, of=("self",)), pk=mailbox.pk
            )
            again, mailbox.smtp_password = _form(request, row), row.smtp_password
            if again.stored != form.stored:
                again.is_valid()
                again.add_error(None, "It was changed while this was tried: look at it and save again.")
                return _page(request, again)
        keep_mailbox(mailbox=mailbox, password=password, by=member, now=now())
    messages.success(request, f"{mailbox.email} works and is saved.")
    return redirect("mailboxes")


def _page(request: MemberRequest, form: MailboxForm) -> HttpResponse:
    known = None if form.mailbox._state.adding else form.mailbox
    members = [] if known else _choices(request.member)
    context = {"form": form, "mailbox": known, "members": members}
    return page(request, "messaging/mailbox.html", context, status=422 if form.errors else 200)


def _choices(member: Member) -> list[tuple[int, str]]:
    members = _members(member)
    return [] if members is None else [(one.pk, one.name) for one in members]


def _members(member: Member) -> QuerySet[Member] | None:
    """For whom one may connect a mailbox; None: for oneself alone."""
    if not can(member, "mailbox.manage"):
        return None
    return Member.objects.select_related("user").filter(is_active=True).order_by("user__name", "pk")
