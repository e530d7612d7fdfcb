"""What holds a secret is replaced, wherever it stands."""

from __future__ import annotations

import logging

import pytest
import structlog

from portal.config.logs import logging_settings
from portal.core.redaction import HIDDEN, drop_secrets, is_secret, without_links, without_secrets


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
