"""``/healthz`` and ``/readyz``."""

from __future__ import annotations

import logging
import threading

from django.http import HttpRequest, HttpResponse, JsonResponse

from config.looks import LOOKS, take

log = logging.getLogger(__name__)
_was_ready = threading.Event()
"""Whether this process has ever said that it is ready."""


def healthz(request: HttpRequest) -> HttpResponse:
    """200 while the process lives; asks neither database nor Redis."""
    return HttpResponse("alive\n", content_type="text/plain")


def readyz(request: HttpRequest) -> HttpResponse:
    """200 if everything that pages and sending need is there, else 503; JSON says what was found."""
    found = {name: take(look) for name, look in LOOKS.items()}
    ready = all(well for well, _ in found.values())
    body = {"ready": ready} | {name: {"ok": well, "found": line} for name, (well, line) in found.items()}
    response = JsonResponse(body, status=200 if ready else 503)
    if ready:
        _was_ready.set()
    else:
        _say_not_ready([f"{name}: {line}" for name, (well, line) in found.items() if not well])
        response._has_been_logged = True  # type: ignore[attr-defined]  # Django's own line would call it an error
    return response


def _say_not_ready(lines: list[str]) -> None:
    """What is missing: an error where it was there before, none while everything is only starting."""
    level = logging.ERROR if _was_ready.is_set() else logging.INFO
    log.log(level, "not ready", extra={"missing": lines})
