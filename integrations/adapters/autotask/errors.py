"""From Autotask's refusals to the errors that the engine acts on.

Autotask answers most refusals with HTTP 500 and a sentence, so that the sentence decides. Repeating a 500 blindly costs
requests that all of the MSP's tools share: only those that say that it was the moment, not the question, are transient.
Sources: developer help, "REST API error codes"; live notes collected in public clients (django-autotask, n8n, apigrate).
"""

from __future__ import annotations

from integrations.adapters.autotask.payloads import Failure, FrameworkFailure
from integrations.answers import Answer, blocked, is_foreign, retry_after, standard_error, stray
from integrations.decoding import attempt
from integrations.errors import (
    AuthenticationFailed,
    IntegrationError,
    NotFound,
    PermissionMissing,
    RateLimited,
    RecordRejected,
    TransientError,
)
from integrations.redaction import redacted

THREAD_WAIT = 5.0
"""Seconds after a refusal for too many requests at once: those that are under way end within seconds."""
_UNKNOWN_USER = "zone information could not be determined"
_BAD_CODE = ("integrationcode is invalid", "integration code is invalid")
_RIGHTS = ("adequate permissions", "not have the required permissions")
_THREADS = ("thread threshold", "itgenatr005")
_MOMENT = ("timeout", "timed out", "deadlock")
_GONE = "no matching records found"
USER_FIELDS = "/entityInformation/userDefinedFields"
"""Where an entity's user-defined fields are described."""


def judge(answer: Answer) -> IntegrationError:
    """The error of an answer that is not a success."""
    words = _words(answer)
    said = words.lower()
    if answer.status in (401, 403) and is_foreign(answer, own=_is_own(answer)):
        return blocked(answer, words)
    if answer.status == 401:
        message = "Autotask does not accept this user, secret or integration code."
        return AuthenticationFailed(message, remote_message=words, status=401)
    if any(text in said for text in _THREADS):
        return RateLimited(
            "Autotask serves three requests at once for a kind of record; more were under way.",
            retry_after=retry_after(answer.headers) or THREAD_WAIT,
            remote_message=words,
            status=answer.status,
        )
    if answer.status == 403 or any(text in said for text in _RIGHTS):
        return _forbidden(answer, words)
    if answer.status in (404, 410):
        return _missing(answer, words)
    if answer.status == 500:
        return _refused(answer, words, said)
    return standard_error(answer, words)


def _forbidden(answer: Answer, words: str) -> IntegrationError:
    needed = answer.permission or "a right that Autotask does not name"
    message = f"The API user's security level lacks {needed}."
    return PermissionMissing(message, which=answer.permission, remote_message=words, status=answer.status)


def _missing(answer: Answer, words: str) -> IntegrationError:
    # A wrong zone, a path that is not there and a proxy answer 404 as well: only the interface's own words may mean "this is gone". That an
    # entity has no user-defined fields is no record's end, in whatever words Autotask says it.
    failure = _failure(answer)
    of_fields = answer.path.endswith(USER_FIELDS) and not is_foreign(answer, own=_is_own(answer))
    if of_fields or (failure is not None and any(failure.errors)):
        return NotFound("Autotask shows no such record.", remote_message=words, status=answer.status)
    return stray(answer, words)


def _refused(answer: Answer, words: str, said: str) -> IntegrationError:
    if _UNKNOWN_USER in said:
        message = "Autotask knows no API user of this name."
        return AuthenticationFailed(message, remote_message=words, status=500)
    if any(text in said for text in _BAD_CODE):
        message = "Autotask does not accept the integration code."
        return AuthenticationFailed(message, remote_message=words, status=500)
    if _GONE in said and _failure(answer) is not None:
        return NotFound("Autotask shows no such record.", remote_message=words, status=500)
    if _failure(answer) is None or any(text in said for text in _MOMENT):
        message = "Autotask answered with an error of its own (status 500)."
        return TransientError(message, remote_message=words, status=500, retry_after=retry_after(answer.headers))
    return RecordRejected(f"Autotask refuses the request: {words}", remote_message=words, status=500)


def _is_own(answer: Answer) -> bool:
    return _failure(answer) is not None or attempt(answer.body, FrameworkFailure) is not None


def _failure(answer: Answer) -> Failure | None:
    failure: Failure | None = attempt(answer.body, Failure)
    return failure


def _words(answer: Answer) -> str:
    failure = _failure(answer)
    return redacted(answer.body) if failure is None else redacted(" ".join(dict.fromkeys(failure.errors)))
