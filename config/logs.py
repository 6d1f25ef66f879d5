"""Logging: structlog in front, JSON in production, lines for people elsewhere.

Values bound with ``structlog.contextvars.bind_contextvars`` (request id, tenant, task) stand on each line.
"""

import re
from collections.abc import MutableMapping
from typing import Any

import structlog

SECRET = re.compile(r"passw|secret|token|authorization|cookie|credential|api_?key", re.IGNORECASE)


def hide_secrets(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> dict[str, Any]:
    """Put stars in place of values whose names speak of a secret."""
    return {name: "***" if SECRET.search(name) else value for name, value in event.items()}


# Local variables hold people's data and secrets: they have no place in a log.
WITHOUT_LOCALS = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)

SHARED: list[Any] = [
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
        else [structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)]
    )
    formatter = {
        "()": structlog.stdlib.ProcessorFormatter,
        "foreign_pre_chain": SHARED,
        "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
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
