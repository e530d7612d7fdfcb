"""From Halo's refusals to the errors that the engine acts on.

Bodies come in at least six shapes: empty, a bare JSON text, {"field": ["what is wrong"]}, .NET's {"Message"}, OAuth's
{"error"}, and a web page of the gateway. Source: answers seen on live systems, collected by public clients of the API.
"""

from __future__ import annotations

import re

from integrations.adapters.halo.payloads import Failure
from integrations.answers import Answer, blocked, is_foreign, standard_error, stray
from integrations.decoding import attempt
from integrations.errors import (
    AuthenticationFailed,
    IntegrationError,
    NotFound,
    PermissionMissing,
    ProtocolError,
    RecordRejected,
    UnsupportedFeature,
)
from integrations.redaction import redacted

_OAUTH = frozenset(
    {
        *("invalid_request", "invalid_client", "invalid_grant", "invalid_scope", "invalid_token", "insufficient_scope"),
        *(
            "unauthorized_client",
            "unsupported_grant_type",
            "unsupported_response_type",
            "access_denied",
            "server_error",
        ),
        "temporarily_unavailable",
    }
)
"""OAuth's codes (RFC 6749, 4.1.2.1 and 5.2; RFC 6750, 3.1)."""
_NO_PATH = "no http resource was found"
"""What .NET says of a path that it does not know."""
_RECORD = re.compile(r"/-?\d+$")
NOT_NAMED = "a right that Halo does not name"


def judge(answer: Answer) -> IntegrationError:
    """The error of an answer that is not a success."""
    words = words_of(answer)
    if answer.status in (401, 403) and is_foreign(answer, own=_is_own(answer)):
        return blocked(answer, words)
    if answer.status == 401:
        return AuthenticationFailed("Halo does not accept the access token.", remote_message=words, status=401)
    if answer.status == 403:
        return lacking(answer.permission, words, 403)
    if answer.status in (404, 410):
        return _missing(answer, words)
    if answer.status == 400 and answer.method == "GET":
        return ProtocolError(f"Halo does not understand the question: {words}", sample=words, status=400)
    if answer.status == 400:
        return RecordRejected(words or "Halo refuses the record.", remote_message=words, status=400)
    return standard_error(answer, words)


def lacking(permission: str, words: str, status: int | None) -> PermissionMissing:
    """Two gates stand before everything: the application's permissions and the role of the agent it logs in as."""
    message = f"The API application, or the agent it logs in as, lacks {permission or NOT_NAMED}."
    return PermissionMissing(message, which=permission, remote_message=words, status=status)


def token_refused(answer: Answer) -> IntegrationError:
    """The error of a refused sign-in: OAuth's codes (RFC 6749, 5.2)."""
    words = words_of(answer)
    if answer.status in (400, 401, 403) and is_foreign(answer, own=_is_own(answer)):
        return blocked(answer, words)
    if answer.status in (400, 401, 403):
        code = _code(answer)
        if code == "invalid_scope":
            return PermissionMissing(
                "The API application does not have the permissions that were asked for.",
                which="all",
                remote_message=words,
                status=answer.status,
            )
        return AuthenticationFailed(_TOKEN_WORDS.get(code, _REFUSED), remote_message=words, status=answer.status)
    if answer.status == 404:
        return ProtocolError("The address does not lead to Halo's authorisation server.", sample=words, status=404)
    return standard_error(answer, words)


_REFUSED = "Halo refuses these credentials."
_TOKEN_WORDS = {
    "invalid_client": "Halo does not accept this client ID and secret.",
    "unauthorized_client": "The API application is not of the kind “Client ID and Secret (Services)”.",
}


def words_of(answer: Answer) -> str:
    """The remote's own words, redacted and short; SQL in them is cut off."""
    body = attempt(answer.body, Failure | str)
    if body is None:
        return _listed(answer)
    if isinstance(body, str):
        return redacted(body)
    return redacted(_without_sql(body)) or _listed(answer)


def _without_sql(body: Failure) -> str:
    text = body.error_description or body.message or body.error_message or body.error or ""
    return text.partition(" - ")[0] if "database error" in text.lower() else text


def _listed(answer: Answer) -> str:
    fields: dict[str, list[str]] | None = attempt(answer.body, dict[str, list[str]])
    if fields is None:
        return redacted(answer.body)
    return redacted(" ".join(text for texts in fields.values() for text in texts))


def _is_own(answer: Answer) -> bool:
    """Whether the body has one of Halo's shapes. Others say ``error`` as well, without a code of OAuth's."""
    body = attempt(answer.body, Failure | str)
    if isinstance(body, str):
        return True
    if body is not None and (body.message or body.error_message or body.error_description or body.error in _OAUTH):
        return True
    fields: dict[str, list[str]] | None = attempt(answer.body, dict[str, list[str]])
    return fields is not None and bool(fields) and "errors" not in fields and all(fields.values())


def _code(answer: Answer) -> str:
    body = attempt(answer.body, Failure | str)
    return (body.error or "") if isinstance(body, Failure) else ""


def _missing(answer: Answer, words: str) -> IntegrationError:
    # Only what was asked for by its number may ever be taken for "this record is gone", and only when Halo says so.
    if is_foreign(answer, own=_is_own(answer)):
        return stray(answer, words)
    if _RECORD.search(f"/{answer.path}") and _NO_PATH not in words.lower():
        return NotFound("There is no such record.", remote_message=words, status=answer.status)
    return UnsupportedFeature("This Halo does not offer that.", remote_message=words, status=answer.status)
