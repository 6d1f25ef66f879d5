"""Logging: structlog in front, JSON in production, lines for people elsewhere.

Values bound with ``structlog.contextvars.bind_contextvars`` (request id, task, tenant) stand on each line; inside the
wall that is the tenant in use. One event is one line, whatever stands in it (ASVS 16.4.1), and tells no secrets
(16.2.5).
"""

import io
import re
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog

SECRET = re.compile(r"passw|secret|token|authorization|cookie|credential|api_?key", re.IGNORECASE)


def hide_secrets(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> dict[str, Any]:
    """Put stars in place of values whose names speak of a secret."""
    return {name: "***" if SECRET.search(name) else value for name, value in event.items()}


def name_the_tenant(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Put the tenant in use on the line, unless the line says one itself."""
    wall = sys.modules.get("tenants.wall")  # logging begins before it can be imported
    tenant_id = wall.in_use() if wall else None
    if tenant_id is not None:
        event.setdefault("tenant", tenant_id)
    return event


IN_URLS = re.compile(
    r"(?P<password>(?<=://)[^\s/:@\"']*:)[^\s/@\"']+(?=@)"
    r"|(?P<path>/(?:t|u|calendar|webhooks|accounts/password/reset/key|accounts/confirm-email)/)[^\s/?\"'\\<>]+"
)
"""Passwords and tokens that stand in addresses: whose log has them could use them."""


def hide_in_urls(_logger: Any, _method: str, line: str) -> str:
    """Put stars in place of them, wherever in the finished line an address stands."""
    return IN_URLS.sub(lambda found: (found["password"] or found["path"]) + "***", line)


CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def escape(value: Any) -> Any:
    """A text without control characters: neither a new line nor a terminal's commands get into the log."""
    return CONTROL.sub(lambda c: ascii(c[0])[1:-1], value) if isinstance(value, str) else value


def one_line(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> dict[str, Any]:
    """Escape all values but the traceback, whose lines are indented. JSON needs none of this."""
    return {escape(name): value if name in TRACEBACKS else escape(value) for name, value in event.items()}


TRACEBACKS = ("exc_info", "exception", "stack")


def indented_traceback(out: TextIO, exc_info: Any) -> None:
    """A traceback of which no line can be taken for one of the log."""
    text = io.StringIO()
    structlog.dev.plain_traceback(text, exc_info)
    out.write("".join(f"\n    {escape(line)}" for line in text.getvalue().strip("\n").split("\n")))


# Local variables hold people's data and secrets: they have no place in a log.
WITHOUT_LOCALS = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)

SHARED: list[Any] = [
    name_the_tenant,
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.stdlib.ExtraAdder(),
    hide_secrets,
]


def logging_config(level: str, as_json: bool) -> dict[str, Any]:
    """The value of Django's ``LOGGING``; also sets structlog up to write through it."""
    structlog.configure(
        processors=[*SHARED[:-2], hide_secrets, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    last = (
        [structlog.processors.ExceptionRenderer(WITHOUT_LOCALS), structlog.processors.JSONRenderer()]
        if as_json
        else [one_line, structlog.dev.ConsoleRenderer(colors=False, exception_formatter=indented_traceback)]
    )
    formatter = {
        "()": structlog.stdlib.ProcessorFormatter,
        "foreign_pre_chain": SHARED,
        "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last, hide_in_urls],
    }
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": formatter},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            "django": {"level": "INFO" if level == "DEBUG" else level},
            "django.request": {"level": "ERROR"},  # a page that is not found is no event
            "django.server": {"handlers": ["stderr"], "propagate": False},
            "celery.beat": {"level": "WARNING"},  # else a line for each tick
            "celery.app.trace": {"level": "WARNING"},
            "celery.worker.strategy": {"level": "WARNING"},
        },
    }
