"""Answers, and the bodies of refusals. Shapes: ConnectWise developer guide, "Error codes", and live answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from lab.sandbox.reply import Refusal, Reply, json_reply


def problem(code: str, message: str, resource: str = "", field_name: str = "") -> dict[str, str]:
    """One entry of ``errors``."""
    return {"code": code, "message": message, "resource": resource, "field": field_name}


def refusal(status: int, code: str, message: str, errors: list[dict[str, str]] | None = None) -> Refusal:
    body: dict[str, Any] = {"code": code, "message": message}
    if errors is not None:
        body["errors"] = errors
    return Refusal(json_reply(body, status))


def invalid(noun: str, errors: list[dict[str, str]]) -> Refusal:
    """400: the record as it would be stored is not valid."""
    return refusal(400, "InvalidObject", f"{noun} object is invalid", errors)


def not_found(noun: str, record_id: int) -> Refusal:
    return refusal(404, "NotFound", f"{noun} {record_id} not found")


def no_endpoint() -> Refusal:
    return refusal(404, "ConnectWiseApi", "The endpoint does not exist.")


def bad_condition(message: str) -> Refusal:
    return refusal(400, "ApiFindCondition", message)


def unauthorized() -> Refusal:
    body = {"code": "ConnectWiseApi", "message": "UserNotAuthenticated", "errors": None}
    return Refusal(json_reply(body, 401))


def forbidden() -> Refusal:
    return refusal(403, "Security", "You do not have security permission to perform this action.")


def too_many(retry_after: int | None) -> Reply:
    """429. The body says ``error`` where all others say ``code``."""
    seconds = 30 if retry_after is None else retry_after
    message = f"Too many requests. Please try again in {seconds} seconds."
    reply = json_reply({"error": "ConnectWiseAPI", "message": message}, 429)
    if retry_after is not None:
        reply.headers["Retry-After"] = str(retry_after)
    return reply


class ErrorBodies:
    """See ``faults.ErrorBodies``."""

    def too_many(self, retry_after: int | None) -> Reply:
        return too_many(retry_after)

    def unauthorized(self) -> Reply:
        return unauthorized().reply

    def forbidden(self) -> Reply:
        return forbidden().reply

    def missing(self) -> Reply:
        return not_found("Record", 0).reply

    def failed(self) -> Reply:
        return json_reply({"code": "ConnectWiseApi", "message": "Timeout expired."}, 500)

    def miscount(self, reply: Reply, wrong: Callable[[int], int]) -> None:
        value = msgspec.json.decode(reply.payload())
        if isinstance(value, dict) and "count" in value:
            reply.body, reply.rows = msgspec.json.encode({"count": wrong(value["count"])}), None
