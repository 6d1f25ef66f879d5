"""What surrounds each request besides Django's own middleware and the wall."""

import re
import uuid
from collections.abc import Callable
from typing import ClassVar

import structlog
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers

from config import health, metrics

Handler = Callable[[HttpRequest], HttpResponse]

REQUEST_ID = re.compile(r"[A-Za-z0-9_.-]{8,64}")


class RequestIdMiddleware:
    """Gives each request an id, on its log lines and in ``X-Request-ID``; a proxy's id is taken over."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        request_id = given if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        response = self.get_response(request)
        response["X-Request-ID"] = request_id
        return response

    def process_view(self, request: HttpRequest, *_: object) -> None:
        """Put the workspace on the lines that are written outside of its wall, too: that a page failed."""
        membership = getattr(request, "membership", None)
        if membership is not None:
            structlog.contextvars.bind_contextvars(tenant=membership.tenant_id)


class ProbeMiddleware:
    """Answers ``/healthz``, ``/readyz`` and ``/metrics`` before anything looks at the host or asks for HTTPS.

    Probes come from inside, by address. First of the middleware.
    """

    PROBES: ClassVar[dict[str, Handler]] = {
        "/healthz": health.healthz,
        "/readyz": health.readyz,
        "/metrics": metrics.metrics,
    }

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.PROBES.get(request.path_info, self.get_response)(request)


class VaryOnFragmentMiddleware:
    """Tells browsers that a fragment is not the page: else *Back* shows a bare fragment (one URL serves both)."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        patch_vary_headers(response, ["HX-Request", "HX-Target"])
        return response
