"""The worker of gunicorn, which says more than a number to who comes with an address that no server takes."""

from __future__ import annotations

import socket
from typing import Any

from gunicorn.http.errors import LimitRequestLine
from gunicorn.util import write_error
from gunicorn.workers.gthread import ThreadWorker

TOO_LONG = (
    "This address is longer than a server takes, so its filter was probably written or pasted by hand. "
    "Open the list without it and build the filter there: it gets a short address of its own."
)


class Worker(ThreadWorker):
    """Gunicorn's own, but for the answer to a first line of more than ``limit_request_line``."""

    def handle_error(self, req: Any, client: socket.socket, addr: Any, exc: BaseException) -> None:
        """Gunicorn would say that the line is too large, and by how much."""
        if isinstance(exc, LimitRequestLine):
            write_error(client, 414, "This address is too long", TOO_LONG)
        else:
            super().handle_error(req, client, addr, exc)
