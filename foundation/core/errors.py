"""Errors that every part of the portal may raise and every door understands."""

from __future__ import annotations


class Refused(Exception):
    """A rule says no. The message is a sentence for the person who asked; ``field`` names the input it is about, or is empty."""

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.field = field

    @property
    def sentence(self) -> str:
        """The message, by the name that errors of a remote system have it by too."""
        return self.message
