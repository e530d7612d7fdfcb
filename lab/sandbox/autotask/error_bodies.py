"""How Autotask refuses: sentences in ``errors``, most of them with status 500. Wording: recorded answers and developer help."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from lab.sandbox.reply import Refusal, Reply, json_reply


def failure(message: str, status: int = 500) -> Reply:
    return json_reply({"errors": [message]}, status)


def refused(message: str, status: int = 500) -> Refusal:
    return Refusal(failure(message, status))


def no_permission() -> Refusal:
    return refused("The logged in Resource does not have the adequate permissions to query this entity type.")


def too_many_threads() -> Reply:
    return failure("Thread Threshold Exceeded. Error code: Itgenatr005.", 429)


class ErrorBodies:
    """See ``lab.sandbox.faults.ErrorBodies``."""

    def too_many(self, retry_after: int | None) -> Reply:
        reply = failure("The number of requests has reached the threshold of this database.", 429)
        if retry_after is not None:
            reply.headers["Retry-After"] = str(retry_after)
        return reply

    def unauthorized(self) -> Reply:
        return Reply(401)

    def forbidden(self) -> Reply:
        return failure("The logged in Resource does not have the adequate permissions to query this entity type.", 403)

    def missing(self) -> Reply:
        return failure("No matching records found.", 404)

    def failed(self) -> Reply:
        return failure("Execution Timeout Expired. The timeout period elapsed prior to completion of the operation.")

    def miscount(self, reply: Reply, wrong: Callable[[int], int]) -> None:
        value = msgspec.json.decode(reply.payload())
        if isinstance(value, dict) and "queryCount" in value:
            reply.body, reply.rows = msgspec.json.encode({"queryCount": wrong(int(value["queryCount"]))}), None
