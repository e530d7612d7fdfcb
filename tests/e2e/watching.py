"""A browser page that remembers what went wrong behind its back: scripts, policy, answers."""

from __future__ import annotations

from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, Response

FAILED_LOAD = "Failed to load resource: the server responded with a status of "
ENDED = ("net::ERR_ABORTED",)
"""A request that the next page ended."""


class Watch:
    """Listens to every page of a context. ``allowed``: statuses that the test asks for on purpose."""

    def __init__(self, context: BrowserContext) -> None:
        self.problems: list[str] = []
        self.allowed: set[int] = set()
        self.context = context
        context.on("console", self._console)
        context.on("weberror", lambda error: self.problems.append(f"script error: {error.error}"))
        context.on("response", self._response)
        context.on("requestfailed", self._failed)

    def page(self) -> Page:
        """A new page of the context."""
        return self.context.new_page()

    def _console(self, message: ConsoleMessage) -> None:
        if message.type not in {"error", "warning"} or self._expected(message.text):
            return
        self.problems.append(f"console {message.type}: {message.text} ({message.location.get('url', '')})")

    def _expected(self, text: str) -> bool:
        return any(text.startswith(f"{FAILED_LOAD}{status} ") for status in self.allowed)

    def _response(self, answer: Response) -> None:
        if answer.status >= 400 and answer.status not in self.allowed:
            self.problems.append(f"{answer.request.method} {answer.url} answered {answer.status}")

    def _failed(self, request: Request) -> None:
        if request.failure not in ENDED:
            self.problems.append(f"{request.method} {request.url} failed: {request.failure}")
