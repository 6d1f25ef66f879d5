"""Sending a message again that did not leave, or may not have: asked first, then done (reliability §2)."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods

from audience.views.lookup import contacts_seen
from messaging import evidence
from messaging.commands import messages as commands
from messaging.models import Message
from sequences.views.access import back, go
from tenants.access import MemberRequest, requires


def may_resend(request: MemberRequest, message: Message) -> bool:
    """Whether there is anything to decide, and it is for the member to decide it."""
    return not commands.why_not(message) and commands.may_resend(request.member, message)


@require_http_methods(["GET", "POST"])
@requires("mailbox.connect", "mailbox.manage")
def resend(request: MemberRequest, pk: int) -> HttpResponse:
    """Ask with what is known of it; by POST send it once more."""
    seen = Message.objects.filter(contact__in=contacts_seen(request).order_by().values("pk"))
    message = get_object_or_404(
        seen.select_related("contact", "mailbox", "mailing__template_version__template"), pk=pk
    )
    there = back(request, None, f"/contacts/{message.contact_id}/")
    if request.method == "POST":
        try:
            commands.resend(message=message, by=request.member, now=now())
        except commands.CannotResend as cannot:
            messages.error(request, str(cannot))
        else:
            messages.success(request, "It is sent once more.")
        return go(request, there)
    context = {
        "message": message,
        "may": may_resend(request, message),
        "why": evidence.why(message),
        "why_not": commands.why_not(message)
        or "Whose mailbox it is, or who manages mailboxes, may send it again.",
        "heard": evidence.heard(message),
        "at": evidence.ended_at(message),
    }
    return render(request, "records/resend.html", context)
