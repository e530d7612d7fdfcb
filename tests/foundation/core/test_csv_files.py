"""No part of an exported cell is a formula, whatever sign the reader's spreadsheet takes for the separator."""

from __future__ import annotations

import csv
import io

import pytest

from foundation.core.csv_files import csv_text, safe_cell
from tests.source_files import PRODUCT, ROOT, source_files

FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", "＝1", "－1", " =1", "\t=1", "\r=1", "\u200b=1", "\u00a0=1", "\ufeff=1")
BEFORE = ("", "x;", "x; ", 'x;"', "x\t", "x\n", "x\r\n", "x\n\n", ";", ";;", 'x";')
DANGEROUS = ("=", "+", "-", "@", "＝", "＋", "－", "＠")


def looks_like_a_formula(cell: str) -> bool:
    return cell.strip(' \t\r\n"\u200b\u00a0\ufeff').startswith(DANGEROUS)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_no_cell_is_a_formula_by_any_separator(separator: str) -> None:
    hostile = [before + formula for before in BEFORE for formula in FORMULAS]
    text = csv_text([row for one in hostile for row in ((1, one, "plain"), (2, "first", one))])
    cells = [cell for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator) for cell in row]
    assert [cell for cell in cells if looks_like_a_formula(cell)] == []


@pytest.mark.parametrize(
    "text", ["a=1", "3 - 2; 1", "x@y.example", 'say "so"', "one, two", " padded ", "a\r\nb", "it's; so"]
)
def test_what_is_no_formula_comes_back_as_it_was(text: str) -> None:
    assert list(csv.reader(io.StringIO(csv_text([("x", text, None)]), newline=""))) == [["x", text, ""]]


def test_a_formula_keeps_its_words_behind_an_apostrophe() -> None:
    assert safe_cell("Call; =HYPERLINK(1)") == "Call; '=HYPERLINK(1)"


def test_there_is_one_writer_of_csv() -> None:
    sources = source_files(*PRODUCT)
    assert [str(path.relative_to(ROOT)) for path in sources if "import csv" in path.read_text()] == []
