"""Secrets at rest."""

from __future__ import annotations

import pytest
from cryptography.fernet import Fernet

from foundation.core.encryption import DecryptionFailed, decrypt, encrypt, is_current

SECRET = {"private_key": "s3cret-ключ"}


@pytest.fixture
def keys(settings) -> list[str]:
    settings.CREDENTIAL_KEYS = [Fernet.generate_key().decode()]
    return settings.CREDENTIAL_KEYS


def test_what_is_encrypted_comes_back_and_is_not_in_the_text(keys: list[str]) -> None:
    text = encrypt(1, SECRET)
    assert text.startswith("v1:")
    assert "s3cret" not in text
    assert decrypt(1, text) == SECRET


def test_the_same_secret_is_never_encrypted_to_the_same_text(keys: list[str]) -> None:
    assert encrypt(1, SECRET) != encrypt(1, SECRET)


def test_another_organization_s_text_is_refused(keys: list[str]) -> None:
    with pytest.raises(DecryptionFailed, match="another organization"):
        decrypt(2, encrypt(1, SECRET))


def test_an_old_key_still_reads_and_is_known_to_be_old(keys: list[str], settings) -> None:
    text = encrypt(1, SECRET)
    assert is_current(text)
    settings.CREDENTIAL_KEYS = [Fernet.generate_key().decode(), *keys]
    assert decrypt(1, text) == SECRET
    assert not is_current(text)


def test_a_text_that_no_key_opens_is_refused_without_saying_what_it_holds(keys: list[str], settings) -> None:
    text = encrypt(1, SECRET)
    settings.CREDENTIAL_KEYS = [Fernet.generate_key().decode()]
    with pytest.raises(DecryptionFailed, match="CREDENTIAL_KEYS") as caught:
        decrypt(1, text)
    assert text[3:] not in str(caught.value)


@pytest.mark.parametrize("text", ["", "v1:", "v2:abc", "abc", "v1:not a token", "v1:ключ"])
def test_what_was_never_encrypted_here_is_refused(keys: list[str], text: str) -> None:
    with pytest.raises(DecryptionFailed):
        decrypt(1, text)
    assert not is_current(text)


def test_an_altered_text_is_refused(keys: list[str]) -> None:
    text = encrypt(1, SECRET)
    with pytest.raises(DecryptionFailed):
        decrypt(1, text[:-10] + "A" * 10)
