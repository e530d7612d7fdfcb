"""What holds a secret is replaced, wherever it stands."""

from __future__ import annotations

import logging

import pytest
import structlog

from foundation.core.redaction import HIDDEN, SECRET_WORDS, drop_secrets, is_secret, without_links, without_secrets
from portal.config.logs import logging_settings

NAMES = {
    "password",
    "passwd",
    "secret",
    "token",
    "credential",
    "private_key",
    "public_key",
    "api_key",
    "authorization",
    "cookie",
    "session_key",
    "csrf",
    "fernet",
}
"""What makes a name one of a secret."""


def test_the_names_of_secrets_are_these() -> None:
    assert set(SECRET_WORDS) == NAMES


@pytest.mark.parametrize("word", sorted(NAMES))
def test_each_of_these_names_hides_what_it_names(word: str) -> None:
    assert without_secrets({f"The-{word.upper()}": "x"}) == {f"The-{word.upper()}": HIDDEN}
    assert drop_secrets(None, "info", {f"new_{word}2": "x"}) == {f"new_{word}2": HIDDEN}


@pytest.mark.parametrize(
    "name", ["password", "new_password1", "privateKey", "public-key", "Authorization", "csrf_token", "CREDENTIAL_KEYS"]
)
def test_names_of_secrets(name: str) -> None:
    assert is_secret(name)


@pytest.mark.parametrize("name", ["name", "key", "address", "company_id", "author", "position", "monkey"])
def test_other_names(name: str) -> None:
    assert not is_secret(name)


def test_secrets_are_replaced_however_deep() -> None:
    given = {"credentials": "x", "steps": [{"privateKey": "x", "name": "Main"}], "empty": {"password": ""}}
    assert without_secrets(given) == {
        "credentials": HIDDEN,
        "steps": [{"privateKey": HIDDEN, "name": "Main"}],
        "empty": {"password": ""},
    }


@pytest.mark.parametrize(
    ("given", "clean"),
    [
        (
            {"steps": ({"token": "x"}, [{"deep": {"secret": "x"}}])},
            {"steps": [{"token": HIDDEN}, [{"deep": {"secret": HIDDEN}}]]},
        ),
        (["GET /invitation/t0p/", 5, None], ["GET /invitation/•••/", 5, None]),
        (("/invitation/t0p/", {"a": "/invitation/t0p/"}), ["/invitation/•••/", {"a": "/invitation/•••/"}]),
        ({"/invitation/t0p/"}, ["/invitation/•••/"]),
        (frozenset({"/invitation/t0p/"}), ["/invitation/•••/"]),
        (b"GET /invitation/t0p/ \xff", "GET /invitation/•••/ \\xff"),
        ([b"/invitation/t0p/"], ["/invitation/•••/"]),
        ("/invitation/t0p/", "/invitation/•••/"),
    ],
    ids=str,
)
def test_a_log_line_holds_no_secret_in_whatever_it_lies(given: object, clean: object) -> None:
    assert drop_secrets(None, "info", {"event": "x", "given": given}) == {"event": "x", "given": clean}


@pytest.mark.parametrize("secret", ["x", b"x", ("x",), ["x"], {"x"}, {"value": "x"}], ids=str)
def test_what_a_secrets_name_names_is_hidden_whatever_it_is(secret: object) -> None:
    assert without_secrets({"token": secret}) == {"token": HIDDEN}
    assert drop_secrets(None, "info", {"token": secret}) == {"token": HIDDEN}


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("GET /invitation/abc-_1/ 500", "GET /invitation/•••/ 500"),
        ("/account/password/reset/key/5-x-y/", "/account/password/reset/key/•••/"),
        ("/account/login/?next=%2Finvitation%2Fabc%2F", "/account/login/?next=%2Finvitation%2F•••%2F"),
        ("GET /tickets/5/", "GET /tickets/5/"),
    ],
)
def test_links_that_let_in_are_shortened(text: str, clean: str) -> None:
    assert without_links(text) == clean


def test_log_lines_of_ours_and_of_libraries_hold_no_secret() -> None:
    settings = logging_settings(debug=False)
    formatter = settings["formatters"]["line"]
    shown = structlog.stdlib.ProcessorFormatter(
        processor=formatter["processor"], foreign_pre_chain=formatter["foreign_pre_chain"]
    )
    theirs = logging.LogRecord("django.request", logging.ERROR, "", 0, "Not Found: %s", ("/invitation/t0p/",), None)
    assert "t0p" not in shown.format(theirs)
    ours = drop_secrets(None, "info", {"event": "saved", "private_key": "s3cret", "request": "GET /invitation/t0p/"})
    assert ours == {"event": "saved", "private_key": HIDDEN, "request": "GET /invitation/•••/"}


def test_an_exception_in_a_log_line_is_text() -> None:
    error = ValueError("/invitation/t0p/")
    event = structlog.processors.format_exc_info(None, "error", {"event": "x", "exc_info": error})
    assert "ValueError" in str(event["exception"])
    assert "t0p" not in str(drop_secrets(None, "error", event))
