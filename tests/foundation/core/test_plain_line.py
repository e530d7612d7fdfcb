"""Names as people type them."""

import pytest

from foundation.core.plain_line import plain_line


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Main  ", "Main"),
        ("Main\r\nSet-Cookie: x=1", "Main Set-Cookie: x=1"),
        ("a\x00b\x1b[31m", "ab[31m"),
        ("\u202egnp.exe", "gnp.exe"),
        ("\u202e\u202e", ""),
        ("\u200b \ufeff", ""),
        ("شركة التقنية", "شركة التقنية"),
        ("👩\u200d💻 Café", "👩\u200d💻 Café"),
    ],
)
def test_a_name_is_one_line_of_what_can_be_seen_and_typed(typed: str, kept: str) -> None:
    assert plain_line(typed) == kept
