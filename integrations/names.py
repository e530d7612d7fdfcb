"""Names of people, from the parts in which systems keep them."""

from __future__ import annotations


def full_name(*parts: str | None) -> str:
    """The parts that there are, one blank between them."""
    return " ".join(word for part in parts for word in (part or "").split())


def first_and_last(whole: str | None, first: str | None, last: str | None) -> tuple[str, str]:
    """(first name, last name). Where one of them is missing the whole name says it: "John Smith" with the last name "Smith" has the
    first name "John"; a whole name that does not hold the other part stands for both, as it is."""
    name, begin, end = full_name(whole), full_name(first), full_name(last)
    if (begin and end) or not name or name.casefold() in (begin.casefold(), end.casefold()):
        return begin, end
    if end and name.casefold().endswith(f" {end.casefold()}"):
        return name[: -len(end)].strip(), end
    if begin and name.casefold().startswith(f"{begin.casefold()} "):
        return begin, name[len(begin) :].strip()
    return name, ""
