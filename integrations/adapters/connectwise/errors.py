"""From ConnectWise's refusals to the errors that the engine acts on.

Source: ConnectWise developer guide, "Error codes"; OpenAPI 2026.4 (ErrorResponse). Bodies are read defensively: JSON with
``code``, JSON with ``error`` (the limiter), plain text (the router), HTML (during upgrades).
"""

from __future__ import annotations

import re

from integrations.adapters.connectwise.payloads import Failure
from integrations.answers import Answer, blocked, is_foreign, standard_error, stray
from integrations.decoding import attempt
from integrations.errors import (
    AddressRefused,
    AuthenticationFailed,
    IntegrationError,
    NotFound,
    PermissionMissing,
    ProtocolError,
    RecordRejected,
    UnsupportedFeature,
)
from integrations.redaction import redacted

_CODE = re.compile(r"[A-Z][A-Za-z]*[a-z][A-Za-z]*")
"""How ConnectWise writes its codes: ``NotFound``, ``ConnectWiseApi``."""
_LIMITER = "connectwiseapi"


def judge(answer: Answer) -> IntegrationError:
    """The error of an answer that is not a success."""
    failure = _failure(answer)
    words = _words(answer, failure)
    if answer.status == 401 and is_foreign(answer, own=_is_own(failure)):
        return blocked(answer, words)
    if answer.status == 401:
        message = "ConnectWise does not accept these keys for this company and client id."
        return AuthenticationFailed(message, remote_message=words, status=401)
    if answer.status == 403:
        return _forbidden(answer, failure, words)
    if answer.status in (404, 410):
        return _missing(answer, failure, words)
    if answer.status == 400:
        return _invalid(answer, failure, words)
    return standard_error(answer, words)


def _forbidden(answer: Answer, failure: Failure | None, words: str) -> IntegrationError:
    if "SSL is required" in words:
        message = "ConnectWise wants https and the address of its interface (api-…)."
        return AddressRefused(message, remote_message=words, status=403)
    if is_foreign(answer, own=_is_own(failure)):
        return blocked(answer, words)
    needed = answer.permission or "a right that ConnectWise does not name"
    message = f"The API member's security role lacks {needed}."
    return PermissionMissing(message, which=answer.permission, remote_message=words, status=403)


def _missing(answer: Answer, failure: Failure | None, words: str) -> IntegrationError:
    # Codebase, company, end point or record: only the last may ever be taken for "this record is gone".
    if failure is not None and failure.code == "NotFound":
        message = redacted(failure.message or "") or "There is no such record."
        return NotFound(message, remote_message=words, status=answer.status)
    if failure is not None and failure.code == "ConnectWiseApi":
        return UnsupportedFeature("This ConnectWise has no such end point.", remote_message=words, status=answer.status)
    if is_foreign(answer, own=_is_own(failure)):
        return stray(answer, words)
    message = "The address does not lead to a ConnectWise interface."
    return ProtocolError(message, sample=words, status=answer.status)


def _invalid(answer: Answer, failure: Failure | None, words: str) -> IntegrationError:
    if failure is None:
        message = "ConnectWise cannot route the request: the address or the company id is wrong."
        return ProtocolError(message, sample=words, status=400)
    if answer.method == "GET" or answer.path.endswith("/search"):
        return ProtocolError(f"ConnectWise does not understand the question: {words}", sample=words, status=400)
    return RecordRejected(words or "ConnectWise refuses the record.", remote_message=words, status=400)


def _failure(answer: Answer) -> Failure | None:
    failure: Failure | None = attempt(answer.body, Failure)
    return failure if failure is not None and (failure.code or failure.error or failure.message) else None


def _is_own(failure: Failure | None) -> bool:
    """Whether ConnectWise said that: by a code of its own, or as its limiter does. Others say ``error`` or ``message`` as well."""
    if failure is None:
        return False
    return bool(_CODE.fullmatch(failure.code or "")) or (failure.error or "").lower() == _LIMITER


def _words(answer: Answer, failure: Failure | None) -> str:
    if failure is None:
        return redacted(answer.body)
    parts = [failure.message or failure.code or failure.error or ""]
    parts += [detail.message for detail in failure.errors or () if detail.message]
    return redacted(" ".join(dict.fromkeys(parts)))
