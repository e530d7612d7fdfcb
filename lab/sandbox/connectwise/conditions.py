"""The filter language of ``conditions``, ``childConditions`` and ``customFieldConditions``.

Source: ConnectWise developer guide, "Conditions". ``and`` binds closer than ``or``. Text compares without regard to
case, as the vendor's database does. A comparison with something that is missing is never true, except ``= null``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from lab.sandbox import clock

_TOKEN = re.compile(
    r"""\s*(?:
    (?P<text>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')
    |(?P<date>\[[^\[\]]*\])
    |(?P<number>-?\d+(?:\.\d+)?(?![\w/]))
    |(?P<name>[A-Za-z_]\w*(?:/[A-Za-z_]\w*)*)
    |(?P<sign><=|>=|!=|<>|=|<|>|\(|\)|,)
    )""",
    re.VERBOSE | re.DOTALL,
)
_SIGNS = ("=", "!=", "<", "<=", ">", ">=")
_WORDS = ("contains", "like", "in")


class ConditionError(ValueError):
    """The text is no condition. The message is what the server would say."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A literal in brackets, seconds since 1970."""

    seconds: int


Literal: TypeAlias = "str | int | float | bool | Moment | None"


@dataclass(frozen=True, slots=True)
class Clause:
    """One comparison. ``value`` is a tuple for ``in`` and ``not in``."""

    name: str
    operator: str
    value: Literal | tuple[Literal, ...]


@dataclass(frozen=True, slots=True)
class Junction:
    """``and`` or ``or`` of two or more."""

    word: str
    parts: tuple[Node, ...]


Node: TypeAlias = "Clause | Junction"


def parsed(text: str) -> Node | None:
    """The condition as a tree, None for an empty text. Raises ConditionError."""
    if not text.strip():
        return None
    return _Parser(list(_tokens(text))).whole()


def conjuncts(node: Node | None) -> Iterator[Clause]:
    """The clauses that each match must satisfy."""
    if isinstance(node, Clause):
        yield node
    elif node is not None and node.word == "and":
        for part in node.parts:
            yield from conjuncts(part)


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    place, end = 0, len(text.rstrip())
    while place < end:
        found = _TOKEN.match(text, place)
        if found is None or found.lastgroup is None:
            raise ConditionError(f"String or expression near '{text[place : place + 20].strip()}' is not valid.")
        yield found.lastgroup, found[found.lastgroup]
        place = found.end()


class _Parser:
    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = tokens
        self._place = 0

    def whole(self) -> Node:
        node = self._junction("or")
        if self._place < len(self._tokens):
            raise self._surprise()
        return node

    def _junction(self, word: str) -> Node:
        parts = [self._part(word)]
        while self._takes(word):
            parts.append(self._part(word))
        return parts[0] if len(parts) == 1 else Junction(word, tuple(parts))

    def _part(self, word: str) -> Node:
        if word == "or":
            return self._junction("and")
        if self._takes("("):
            node = self._junction("or")
            self._expect(")")
            return node
        return self._clause()

    def _clause(self) -> Clause:
        kind, name = self._next()
        if kind != "name":
            raise self._surprise(back=1)
        operator = self._operator()
        if operator.endswith("in"):
            return Clause(name, operator, self._values())
        return Clause(name, operator, self._literal())

    def _operator(self) -> str:
        denied = self._takes("not")
        kind, word = self._next()
        if kind == "sign" and word in _SIGNS and not denied:
            return word
        if kind == "sign" and word == "<>" and not denied:
            return "!="
        if kind == "name" and word.lower() in _WORDS:
            return f"not {word.lower()}" if denied else word.lower()
        raise self._surprise(back=1)

    def _values(self) -> tuple[Literal, ...]:
        self._expect("(")
        values = [self._literal()]
        while self._takes(","):
            values.append(self._literal())
        self._expect(")")
        return tuple(values)

    def _literal(self) -> Literal:
        kind, word = self._next()
        if kind == "text":
            return _unquoted(word)
        if kind == "date":
            return _moment(word[1:-1])
        if kind == "number":
            return float(word) if "." in word else int(word)
        known: dict[str, Literal] = {"true": True, "false": False, "null": None}
        if kind == "name" and word.lower() in known:
            return known[word.lower()]
        raise self._surprise(back=1)

    def _next(self) -> tuple[str, str]:
        if self._place >= len(self._tokens):
            raise ConditionError("The condition ends too early.")
        self._place += 1
        return self._tokens[self._place - 1]

    def _takes(self, word: str) -> bool:
        if self._place < len(self._tokens):
            kind, found = self._tokens[self._place]
            if kind in ("name", "sign") and found.lower() == word:
                self._place += 1
                return True
        return False

    def _expect(self, word: str) -> None:
        if not self._takes(word):
            raise self._surprise()

    def _surprise(self, back: int = 0) -> ConditionError:
        place = self._place - back
        near = self._tokens[place][1] if place < len(self._tokens) else "the end"
        return ConditionError(f"String or expression near '{near}' is not valid.")


def _unquoted(word: str) -> str:
    text = re.sub(r"\\(.)", r"\1", word[1:-1], flags=re.DOTALL)
    return text.replace("[[]", "[")


def _moment(text: str) -> Moment:
    try:
        return Moment(clock.read(text))
    except ValueError as err:
        raise ConditionError(f"Unsupported format applied to [{text}].") from err
