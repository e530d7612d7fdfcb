"""What the documents name is there: paths, modules, commands of bin/, and what links lead to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.source_files import PRODUCT, ROOT

FOLDERS = (*PRODUCT, "lab", "tests", "templates", "static", "docs", "bin", "deploy")
HISTORY = {"CHANGELOG.md"}
"""It names what was there at the time."""
DOCUMENTS = sorted(
    path
    for path in (*ROOT.glob("*.md"), *(found for folder in FOLDERS for found in (ROOT / folder).rglob("*.md")))
    if path.name not in HISTORY
)
QUOTED = re.compile(r"`([^`\n]+)`")
PATH = re.compile(rf"(?:{'|'.join(FOLDERS)})/[\w./-]*|[\w-]+\.(?:py|toml|lock|yml|yaml|md)")
"""A path from the root of the repository; those with a placeholder or a pattern in them are none."""
MODULE = re.compile(rf"(?:{'|'.join(FOLDERS)})(?:\.\w+)+")
COMMAND = re.compile(r"(?<![\w./])bin/[a-z]+")
LINK = re.compile(r"\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)\s]*))?\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
EACH_HAS_ITS_OWN = {
    *(
        "provider.py",
        "adapter.py",
        "streams.py",
        "payloads.py",
        "mapping.py",
        "client_payloads.py",
        "client_mapping.py",
    ),
    *("limits.py", "quality.toml", "contract.py", "urls.py", "conftest.py", "tasks.py", "__init__.py"),
}
"""Files that adapters, areas or apps have one each of."""
OTHER_NAMES = {"sync.advance", "portal.organization"}
"""A task of Celery and a setting of PostgreSQL, which look like modules."""


def named(text: str) -> list[str]:
    """What stands in backticks."""
    return QUOTED.findall(text)


def missing_paths(document: Path) -> Iterator[str]:
    """Paths that a document names and that are neither in the repository nor, by their name, beside the document or in a folder that it names."""
    quoted = named(document.read_text())
    folders = [ROOT, document.parent, *(ROOT / one for one in quoted if PATH.fullmatch(one) and (ROOT / one).is_dir())]
    for one in quoted:
        if (
            PATH.fullmatch(one)
            and one not in EACH_HAS_ITS_OWN
            and not any((folder / one).exists() for folder in folders)
        ):
            yield one


def is_module(name: str) -> bool:
    """Whether a dotted name begins with a module of the repository, and that has what the next part names."""
    path = ROOT
    for part in name.split("."):
        if (path / part).is_dir():
            path /= part
        elif (path / f"{part}.py").exists():
            path /= f"{part}.py"
        else:
            source = path if path.is_file() else path / "__init__.py"
            return source.exists() and re.search(rf"\b{part}\b", source.read_text()) is not None
    return True


def anchors(document: Path) -> set[str]:
    """The anchors of a document's headings, as they are made of them."""
    titles = HEADING.findall(document.read_text())
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def broken_links(document: Path) -> Iterator[str]:
    """Relative links of a document that lead nowhere."""
    for path, anchor in LINK.findall(document.read_text()):
        target = document.parent / path if path else document
        if not target.exists() or (anchor and target.suffix == ".md" and anchor not in anchors(target)):
            yield f"{path}#{anchor}"


def each_document() -> pytest.MarkDecorator:
    return pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))


@each_document()
def test_paths_that_a_document_names_exist(document: Path) -> None:
    assert list(missing_paths(document)) == []


@each_document()
def test_modules_that_a_document_names_exist(document: Path) -> None:
    modules = [one for one in named(document.read_text()) if MODULE.fullmatch(one) and one not in OTHER_NAMES]
    assert [one for one in modules if not is_module(one)] == []


@each_document()
def test_commands_that_a_document_names_exist(document: Path) -> None:
    assert [one for one in COMMAND.findall(document.read_text()) if not (ROOT / one).exists()] == []


@each_document()
def test_links_of_a_document_lead_somewhere(document: Path) -> None:
    assert list(broken_links(document)) == []


def test_every_decision_stands_in_the_index_under_its_own_title() -> None:
    records = sorted((ROOT / "docs/architecture/decisions").glob("[0-9]*.md"))
    index = (ROOT / "docs/architecture/decisions/README.md").read_text()
    for number, record in enumerate(records, start=1):
        title = record.read_text().partition("\n")[0].removeprefix(f"# {number:04d}. ")
        assert f"| {number:04d} | [{title}]({record.name})" in index
    assert index.count("\n| 0") == len(records) > 20


def test_documents_were_found() -> None:
    assert {"README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "docs/glossary.md", "docs/architecture/engine.md"} <= {
        str(path.relative_to(ROOT)) for path in DOCUMENTS
    }
    quoted = [one for document in DOCUMENTS for one in named(document.read_text())]
    assert sum(PATH.fullmatch(one) is not None for one in quoted) > 150
    assert sum(MODULE.fullmatch(one) is not None for one in quoted) > 5
