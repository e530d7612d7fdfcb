"""Connections to remote systems."""

from integrations.models.connection import Connection

__all__ = ["Connection"]
