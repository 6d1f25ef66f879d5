"""The address of the house itself."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from config.context import NAV, SETTINGS
from tenants.models import Member

FIRST = "/sequences/"


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Leads to the sequences; members who may not view those to the first page of theirs."""
    member: Member | None = request.member  # type: ignore[attr-defined]
    pages = sorted((*NAV, SETTINGS), key=lambda entry: entry.path != FIRST)
    return redirect(next(entry.path for entry in pages if member and entry.is_for(member)))
