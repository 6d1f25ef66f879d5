"""The mail that asks somebody in."""

from __future__ import annotations

from smtplib import SMTPException

import structlog
from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse

from tenants.models import Member, Tenant

log = structlog.get_logger(__name__)


def was_never_here(member: Member) -> bool:
    """Whether they still have to choose a password: then the mail's link is for that."""
    return not member.user.has_usable_password()


def send(member: Member, *, tenant: Tenant, by: Member) -> bool:
    """Mail the invitation; whether the server took it. Talks to a network: not inside a transaction.

    The link for a new password goes to the address alone, never to who invites.
    """
    try:
        EmailMessage(
            subject=" ".join(f"{by.name} invites you to {tenant.name}".split()),
            body=render_to_string("tenants/mail/invitation.txt", _words(member, tenant, by)),
            to=[member.email],
        ).send()
    except (OSError, SMTPException) as error:
        log.warning("invitation not sent", member=member.pk, because=str(error))
        return False
    return True


def _words(member: Member, tenant: Tenant, by: Member) -> dict[str, object]:
    is_new = was_never_here(member)
    path = _path_for_a_password(member) if is_new else reverse("account_login")
    return {
        "member": member,
        "tenant": tenant,
        "by": by,
        "is_new": is_new,
        "link": settings.PUBLIC_BASE_URL + path,
        "days": settings.PASSWORD_RESET_TIMEOUT // 86_400,
    }


def _path_for_a_password(member: Member) -> str:
    user = member.user
    key = default_token_generator.make_token(user)
    return reverse("account_reset_password_from_key", kwargs={"uidb36": user_pk_to_url_str(user), "key": key})
