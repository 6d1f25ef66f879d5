"""Where a template is used: a fragment that its page embeds by its address."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from messaging.models import Template
from sequences.models import Sequence
from sequences.reading.templates import used_in
from tenants.access import MemberRequest, requires
from tenants.policy import visible


@require_GET
@requires("template.personal", "template.shared")
def panel(request: MemberRequest, pk: int) -> HttpResponse:
    """The sequences that name it and that the member may see, and how many others there are."""
    template = get_object_or_404(Template, pk=pk)
    ids = used_in(template.pk)
    seen = visible(request.member, "sequence.view", Sequence.objects.filter(pk__in=ids)).order_by("name")
    found = list(seen.select_related("owner__user"))
    return render(request, "sequences/_template.html", {"sequences": found, "others": len(ids) - len(found)})
