"""How a Halo refuses. There is no one shape: see the bodies that live systems gave."""

from __future__ import annotations

import re
from collections.abc import Callable

from lab.sandbox.reply import Refusal, Reply, json_reply

_RECORD_COUNT = re.compile(rb'"record_count":(\d+)')


class ErrorBodies:
    """See ``faults.ErrorBodies``."""

    def too_many(self, retry_after: int | None) -> Reply:
        """A bare JSON text. Whether a Retry-After is sent is not known, so both happen."""
        reply = json_reply("Rate Limit Reached - 700 Requests per rolling 5 minute window", 429)
        if retry_after is not None:
            reply.headers["Retry-After"] = str(retry_after)
        return reply

    def unauthorized(self) -> Reply:
        return Reply(401)

    def forbidden(self) -> Reply:
        return Reply(403)

    def missing(self) -> Reply:
        return Reply(404)

    def failed(self) -> Reply:
        return Reply(500)

    def miscount(self, reply: Reply, wrong: Callable[[int], int]) -> None:
        reply.before = _RECORD_COUNT.sub(lambda found: b'"record_count":%d' % wrong(int(found[1])), reply.before)


def malformed(name: str, value: str) -> Refusal:
    """400: a value of the wrong type."""
    return Refusal(json_reply({name: [f"The value '{value}' is not valid."]}, 400))


def refused(message: str) -> Refusal:
    """400: a rule of the business, as .NET writes exceptions."""
    body = {"ClassName": "System.Exception", "Message": message, "Data": None, "HResult": -2146233088}
    return Refusal(json_reply(body, 400))


def oauth(error: str) -> Refusal:
    return Refusal(json_reply({"error": error}, 400))


def missing() -> Refusal:
    return Refusal(Reply(404))
