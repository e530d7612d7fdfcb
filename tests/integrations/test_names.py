"""Names of people from their parts."""

from __future__ import annotations

import pytest

from integrations.names import first_and_last, full_name


@pytest.mark.parametrize(
    ("whole", "first", "last", "expected"),
    [
        ("John Smith", "", "Smith", ("John", "Smith")),
        ("John Smith", None, " smith ", ("John", "smith")),
        ("John Smith", "John", "", ("John", "Smith")),
        ("John Smith", "", "", ("John Smith", "")),
        ("John  Smith", "Jo", "Smith", ("Jo", "Smith")),
        ("Smith", "", "Smith", ("", "Smith")),
        ("Reception", "", "Front desk", ("Reception", "")),
        ("Goldsmith", "", "smith", ("Goldsmith", "")),
        (None, "Jo", None, ("Jo", "")),
        ("  ", " ", "\t", ("", "")),
        ("Ana María López", "", "María López", ("Ana", "María López")),
    ],
)
def test_a_name_falls_back_as_a_whole(
    whole: str | None, first: str | None, last: str | None, expected: tuple[str, str]
) -> None:
    assert first_and_last(whole, first, last) == expected


def test_parts_have_one_blank_between_them() -> None:
    assert full_name(" Jo ", None, "van  Dyk") == "Jo van Dyk"
    assert full_name(None, " ") == ""
