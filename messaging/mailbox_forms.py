"""The form of a mailbox."""

from __future__ import annotations

import re
from copy import copy
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import QuerySet

from audience.addresses import normalise_address
from messaging import headers
from messaging.commands.mailboxes import SETTINGS
from messaging.mailboxes import server_of
from messaging.models import Mailbox
from messaging.smtp import Server
from tenants.forms import one_line
from tenants.meanwhile import MeanwhileForm
from tenants.models import Member

HOST = re.compile(r"[A-Za-z0-9._:-]+|[^\W_](?:[\w.-]*[^\W_])?")
SECURITY = [("starttls", "STARTTLS"), ("ssl", "SSL/TLS"), ("none", "None")]
ON_THE_WAY = ("smtp_host", "smtp_port", "smtp_security", "smtp_username")
"""What decides who learns the password."""


class MailboxForm(MeanwhileForm):
    """Settings of ``mailbox`` (a new one without pk). ``members``: for whom a manager may connect it, else empty.

    The stored password is kept only for the server and the user name that it was given for: who may change a mailbox
    must not have its password sent to a server of their own.
    """

    verbs = ("mailbox.connect", "mailbox.change")

    member = forms.ModelChoiceField(Member.objects.none(), required=False)
    name = forms.CharField(required=False, max_length=200)
    email = forms.CharField(
        max_length=254, error_messages={"required": "Give the address that mails come from."}
    )
    smtp_host = forms.CharField(
        max_length=253, error_messages={"required": "Give the name of the mail server."}
    )
    smtp_port = forms.IntegerField(min_value=1, max_value=65_535)
    smtp_security = forms.ChoiceField()
    smtp_username = forms.CharField(required=False, max_length=320)
    password = forms.CharField(required=False, max_length=1_000, strip=False, widget=forms.PasswordInput)
    daily_cap = forms.IntegerField(required=False, min_value=1, max_value=1_000_000)

    def __init__(
        self, data: Any = None, *, mailbox: Mailbox, by: Member, members: QuerySet[Member] | None = None
    ) -> None:
        stored = {name: getattr(mailbox, name) for name in SETTINGS}
        known = None if mailbox._state.adding else mailbox
        super().__init__(data, stored=stored, initial={"member": mailbox.member_id}, of=known, by=by)
        self.mailbox = mailbox
        if members is not None:
            self.fields["member"].queryset = members  # type: ignore[attr-defined]
        choices = SECURITY if settings.EGRESS_ALLOW or mailbox.smtp_security == "none" else SECURITY[:-1]
        self.fields["smtp_security"].choices = choices  # type: ignore[attr-defined]

    def clean_name(self) -> str:
        return one_line(self.cleaned_data["name"])

    def clean_email(self) -> str:
        typed: str = self.cleaned_data["email"].strip()
        if normalise_address(typed) is None:
            raise ValidationError(f"“{typed}” is no email address.")
        try:
            return headers.sendable(typed)
        except headers.Unsendable as error:
            raise ValidationError(str(error)) from error

    def clean_smtp_host(self) -> str:
        typed: str = self.cleaned_data["smtp_host"]
        if not HOST.fullmatch(typed):
            raise ValidationError("Give the server’s name alone, such as smtp.example.com.")
        return typed

    def clean(self) -> dict[str, Any]:
        found = super().clean()
        user, password = found.get("smtp_username"), found.get("password")
        if password and not user:
            self.add_error("smtp_username", "With a password a user name is needed.")
        elif user and not password and not self.errors and not self._keeps_password():
            stored = self.mailbox.smtp_password
            self.add_error(
                "password",
                "The server or the user name is another: give the password again."
                if stored
                else "Give the password.",
            )
        if not self.errors and self._is_there_already():
            self.add_error("email", "This mailbox is connected already.")
        return found

    def filled(self, owner: Member) -> tuple[Mailbox, str | None, Server]:
        """The mailbox with what was typed, the new password (None: the stored one), and the server to try.

        Raises tenants.secrets.Unreadable.
        """
        assert self.is_valid()
        mailbox = copy(self.mailbox)
        for name in SETTINGS:
            setattr(mailbox, name, self.cleaned_data[name])
        if mailbox._state.adding:
            mailbox.member = self.cleaned_data["member"] or owner
        password = self.cleaned_data["password"] if not self._keeps_password() else None
        return mailbox, password, server_of(mailbox, password)

    def _keeps_password(self) -> bool:
        if self.cleaned_data["password"] or not self.mailbox.smtp_password:
            return False
        return all(self.cleaned_data[name] == self.initial[name] for name in ON_THE_WAY)

    def _is_there_already(self) -> bool:
        owner = self.cleaned_data["member"] or self.mailbox.member
        same = Mailbox.objects.filter(member=owner, email__iexact=self.cleaned_data["email"])
        return same.exclude(pk=self.mailbox.pk).exists()
