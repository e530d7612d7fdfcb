"""Names are the field's own: none of these words is the whole name of a module or of a public function."""

from __future__ import annotations

import ast

import pytest

from tests.source_files import PRODUCT, ROOT, source_files

PRIVATE_WORDS = {
    "absence",
    "acts",
    "arena",
    "arrivals",
    "bells",
    "clearance",
    "crash",
    "crew",
    "crowd",
    "deeds",
    "door",
    "effects",
    "ending",
    "floor",
    "found",
    "ground",
    "holdings",
    "lies",
    "mapped",
    "meant",
    "mortal",
    "nights",
    "outside",
    "pace",
    "parentless",
    "places",
    "play",
    "reckon",
    "sample",
    "shown",
    "spine",
    "still",
    "talk",
    "touched",
    "trust",
    "turns",
    "unsynced",
    "victim",
    "voice",
    "wall",
    "wanted",
    "wires",
    "words",
}


@pytest.mark.parametrize("folder", [*PRODUCT, "lab"])
def test_no_module_bears_a_private_word_as_its_name(folder: str) -> None:
    found = [str(path.relative_to(ROOT)) for path in source_files(folder) if path.stem in PRIVATE_WORDS]
    found += [str(path.relative_to(ROOT)) for path in source_files(folder) if path.parent.name in PRIVATE_WORDS]
    assert found == []


@pytest.mark.parametrize("folder", [*PRODUCT, "lab"])
def test_no_public_function_or_class_bears_one(folder: str) -> None:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for path in source_files(folder)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, kinds) and node.name.lower() in PRIVATE_WORDS and path.parent.name != "models"
    ]
    assert found == []
