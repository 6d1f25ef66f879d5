"""The ports of ``make run``, taken before anything else starts and handed to the processes that serve them.

Looking whether a port is free and taking it later would let two runs choose the same one, with a minute between.
"""

import errno
import os
import socket

from config.embedded.errors import EmbeddedError

ANY = 0

HANDED_OVER = "STEPWISE_LISTEN_FD"
"""The environment variable that names the socket a process is started with."""


def listen(port: int, host: str = "127.0.0.1") -> socket.socket:
    """Take a port: bound and listening, so that nobody else gets it. Raises OSError."""
    return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)


def web() -> socket.socket:
    """The port that ``PORT`` names, on ``HOST``. Raises :class:`EmbeddedError` if it cannot be had."""
    port, host = _number("PORT", "8000"), os.environ.get("HOST", "127.0.0.1")
    try:
        return listen(port, host)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            another = f"make run PORT={port + 1 if port < 65_535 else 8000}"
            raise EmbeddedError(f"Port {port} is taken. Choose another: {another}") from error
        raise EmbeddedError(f"Cannot listen on {host}, port {port}: {error.strerror}") from error


def mail(last_time: str | int | None) -> socket.socket:
    """A port for the demonstration mailbox: ``DEMO_SMTP_PORT``, else that of `last_time`, else 1025, else any."""
    wanted = _number("DEMO_SMTP_PORT", str(last_time or 1025))
    try:
        return listen(wanted)
    except OSError:  # taken, or not for us
        return listen(ANY)


def number_of(listening: socket.socket) -> int:
    """The port that a socket listens on."""
    return int(listening.getsockname()[1])


def handed_over() -> socket.socket | None:
    """The socket that ``make run`` took for this process; None if there is none."""
    fd = os.environ.get(HANDED_OVER)
    return socket.socket(fileno=int(fd)) if fd else None


def _number(name: str, default: str) -> int:
    text = os.environ.get(name) or default
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 65_536):
        raise EmbeddedError(f"{name} is {text!r}, not a port between 1 and 65535.")
    return int(text)
