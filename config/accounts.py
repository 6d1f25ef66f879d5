"""How people come in: members are invited, nobody signs up."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):
    """allauth's, with the sign-up closed: an account without a workspace would have nothing to see."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False
