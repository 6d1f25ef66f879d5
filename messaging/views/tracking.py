"""``/t/<token>``: the pixel and the links of mails. Nobody is signed in here."""

from __future__ import annotations

import base64

from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.utils.timezone import now
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from messaging.tasks import record_later
from messaging.tracking import HEADERS, Seen, Target, record, target
from tenants.access import public

PIXEL = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")


@csrf_exempt
@require_safe
@public
def track(request: HttpRequest, token: str) -> HttpResponse:
    """The pixel, or a redirect to the stored URL and nowhere else; for every other token the same 404."""
    followed = target(token)
    if followed is None:
        response = HttpResponse("There is nothing here.\n", content_type="text/plain", status=404)
    elif followed.url:
        response = HttpResponse(status=302)
        response.headers["Location"] = followed.url
    else:
        response = HttpResponse(PIXEL, content_type="image/gif")
    if followed is not None:
        headers = {name: request.headers[name] for name in HEADERS if name in request.headers}
        _record(token, followed, Seen(request.method or "", headers, now()))
    response.headers["Cache-Control"] = "no-store, private"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


def _record(token: str, followed: Target, seen: Seen) -> None:
    """Whoever clicks does not wait for a run that holds the contact: a task writes it down a little later."""
    try:
        record(followed, seen)
    except OperationalError:
        record_later.delay(token, seen.method, seen.headers, seen.at.isoformat())
