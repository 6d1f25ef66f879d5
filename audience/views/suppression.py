"""The suppression list."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods

from audience import commands
from audience.forms import SuppressForm
from audience.lists import begins_with, slice_of
from audience.models import Suppression
from audience.models.records import home_region
from audience.suppression import NoAddress
from audience.views.lookup import inside, key, text_of
from tenants.access import MemberRequest, requires
from tenants.fragments import page
from tenants.policy import can, require


@require_http_methods(["GET", "HEAD", "POST"])
@requires("suppression.view")
def index(request: MemberRequest) -> HttpResponse:
    """Whom nobody writes to, the latest first; found by the beginning; one more by hand."""
    form = SuppressForm(request.POST if request.method == "POST" else None)
    if request.method == "POST":
        require(request.member, "suppression.add")
        if form.is_valid() and _add(request, form):
            return HttpResponseRedirect(inside(request.POST.get("next", "")) or reverse("suppression"))
    asked = text_of(request.GET, "q")
    found = Suppression.objects.all()
    if asked:
        found = found.filter(begins_with("address_norm", asked))
    context = {
        "slice": slice_of(found, before=key(request.GET, "before"), after=key(request.GET, "after")),
        "q": asked,
        "form": form,
        "may_add": can(request.member, "suppression.add"),
    }
    status = 422 if form.is_bound else 200
    return page(request, "audience/suppression.html", context, parts=("results",), status=status)


def _add(request: MemberRequest, form: SuppressForm) -> bool:
    channel, address = form.cleaned_data["channel"], form.cleaned_data["address"]
    try:
        is_new = commands.suppress(
            by=request.member, channel=channel, address=address, at=now(), region=home_region()() or None
        )
    except NoAddress as refused:
        form.add_error("address", str(refused))
        return False
    if is_new:
        messages.success(request, f"Nobody writes to {address.strip()} any more.")
    else:
        messages.info(request, f"{address.strip()} is on the list already.")
    return True
