"""What is changed in the code: those operators of Cosmic Ray that make mistakes that people make, and two of our own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from cosmic_ray.operators.operator import Operator
from cosmic_ray.plugins import get_operator
from parso.python.tree import Keyword
from parso.tree import BaseNode, Leaf

COMPARISONS = (
    "Eq_NotEq",
    "NotEq_Eq",
    "Lt_LtE",
    "Lt_GtE",
    "LtE_Lt",
    "LtE_Gt",
    "Gt_GtE",
    "Gt_LtE",
    "GtE_Gt",
    "GtE_Lt",
    "Is_IsNot",
    "IsNot_Is",
)
ARITHMETIC = ("Add_Sub", "Sub_Add", "Mul_Div", "Div_Mul", "BitOr_BitAnd", "BitAnd_BitOr")
OTHERS = (
    "AddNot",
    "ReplaceTrueWithFalse",
    "ReplaceFalseWithTrue",
    "ReplaceAndWithOr",
    "ReplaceOrWithAnd",
    "ReplaceBreakWithContinue",
    "ReplaceContinueWithBreak",
    "ReplaceUnaryOperator_Delete_Not",
    "NumberReplacer",
    "RemoveDecorator",
    "ExceptionReplacer",
    "ZeroIterationForLoop",
)
_SQL = re.compile(r"\b(SELECT|WHERE|UPDATE|INSERT|DELETE|EXISTS|JOIN|FILTER)\b|\bAND\b")
_CONDITION = re.compile(
    r"\s(AND|OR) (?!CASE)[^()\n\"'{}]+?(?=\s(?:AND|OR|ORDER|GROUP|RETURNING|LIMIT|THEN|FOR)\b|\)|\n|$|\"\"\")"
)


class StatementRemoval(Operator):  # type: ignore[misc]  # Cosmic Ray has no types
    """A call whose result nobody uses, or a ``raise``, becomes ``pass``."""

    def mutation_positions(self, node: Any) -> Iterator[tuple[Any, Any]]:
        if node.type == "simple_stmt" and node.children[0].type in ("atom_expr", "raise_stmt"):
            yield node.children[0].start_pos, node.children[0].end_pos

    def mutate(self, node: Any, index: int) -> Any:
        first = node.children[0]
        gone = Keyword("pass", first.start_pos, first.get_first_leaf().prefix)
        gone.parent, node.children[0] = node, gone
        return node

    @classmethod
    def examples(cls) -> tuple[()]:
        return ()


class ConditionRemoval(Operator):  # type: ignore[misc]
    """One of the conditions that SQL joins by AND or OR goes."""

    def mutation_positions(self, node: Any) -> Iterator[tuple[Any, Any]]:
        if isinstance(node, Leaf) and node.type in ("string", "fstring_string") and _SQL.search(node.value):
            for found in _CONDITION.finditer(node.value):
                line = node.start_pos[0] + node.value.count("\n", 0, found.start(1))
                yield (line, 0), (line, 0)

    def mutate(self, node: Any, index: int) -> Any:
        found = list(_CONDITION.finditer(node.value))[index]
        node.value = node.value[: found.start()] + node.value[found.end() :]
        return node

    @classmethod
    def examples(cls) -> tuple[()]:
        return ()


def operators() -> dict[str, Operator]:
    """{name: operator}."""
    names = [f"ReplaceComparisonOperator_{name}" for name in COMPARISONS]
    names += [f"ReplaceBinaryOperator_{name}" for name in ARITHMETIC]
    found: dict[str, Operator] = {name: get_operator(f"core/{name}")() for name in (*names, *OTHERS)}
    return found | {"StatementRemoval": StatementRemoval(), "ConditionRemoval": ConditionRemoval()}


def nodes_of(tree: Any) -> Iterator[Any]:
    """All nodes, in the order in which Cosmic Ray meets them."""
    yield tree
    if isinstance(tree, BaseNode):
        for child in tree.children:
            yield from nodes_of(child)
