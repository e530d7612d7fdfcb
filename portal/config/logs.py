"""Structured logs: one JSON line an event outside debugging, with organization, connection, run and request id."""

from __future__ import annotations

from typing import Any

import structlog

from foundation.core.redaction import drop_secrets

OURS = ("portal", "foundation", "clients", "sync", "integrations", "mappings", "tickets")
"""Loggers whose lines are written from INFO on."""
PROCESSORS: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso"),
    structlog.processors.StackInfoRenderer(),
    structlog.processors.format_exc_info,
    drop_secrets,
]


def logging_settings(*, debug: bool) -> dict[str, Any]:
    """Django's LOGGING, and structlog configured to go through it."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *PROCESSORS,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    renderer: Any = structlog.dev.ConsoleRenderer(colors=False) if debug else structlog.processors.JSONRenderer()
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": structlog.stdlib.ProcessorFormatter,
                "processor": renderer,
                "foreign_pre_chain": PROCESSORS,
            }
        },
        "handlers": {"out": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["out"], "level": "WARNING"},
        "loggers": {
            **{name: {"level": "INFO"} for name in OURS},
            "celery.beat": {"level": "WARNING"},
            "django.server": {"level": "WARNING"},
        },
    }
