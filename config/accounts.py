"""How people come in: members are invited, nobody signs up."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest, HttpResponse

from config import parking


class AccountAdapter(DefaultAccountAdapter):
    """allauth's, with the sign-up closed: an account without a workspace would have nothing to see."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def post_login(self, request: HttpRequest, user: Any, **how: Any) -> HttpResponse:
        """Where the sign-in leads; who was signed out while typing is first shown what they typed."""
        answer: HttpResponse = super().post_login(request, user, **how)
        return parking.resumed(request, getattr(answer, "url", "/")) or answer
