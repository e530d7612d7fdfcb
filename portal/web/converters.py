"""What stands in an address for a row."""

from __future__ import annotations

from foundation.core.client_input import number_of


class IdConverter:
    """``<id:pk>``: a row's id. A number that no row can have leads nowhere (404), instead of into a query that refuses it."""

    regex = "[0-9]{1,19}"

    def to_python(self, value: str) -> int:
        number = number_of(value)
        if number is None:
            raise ValueError(value)
        return number

    def to_url(self, value: int) -> str:
        return str(value)
