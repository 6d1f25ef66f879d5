"""``/healthz`` and ``/readyz``."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse

from config.looks import LOOKS, take


def healthz(request: HttpRequest) -> HttpResponse:
    """200 while the process lives; asks neither database nor Redis."""
    return HttpResponse("alive\n", content_type="text/plain")


def readyz(request: HttpRequest) -> HttpResponse:
    """200 if everything that pages and sending need is there, else 503; JSON says what was found."""
    found = {name: take(look) for name, look in LOOKS.items()}
    ready = all(well for well, _ in found.values())
    body = {"ready": ready} | {name: {"ok": well, "found": line} for name, (well, line) in found.items()}
    return JsonResponse(body, status=200 if ready else 503)
