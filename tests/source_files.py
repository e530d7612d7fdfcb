"""The product's own source files, for tests that read them."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PRODUCT = ("foundation", "clients", "tickets", "integrations", "mappings", "sync", "portal", "embedded")
"""The folders of the product, the lowest floor first. Beside them is ``lab``, which it never imports."""


def source_files(*folders: str) -> list[Path]:
    """The Python files in and below the folders, migrations left out. A folder without any is a mistake in the test."""
    found = []
    for folder in folders:
        files = [path for path in sorted((ROOT / folder).rglob("*.py")) if "migrations" not in path.parts]
        assert files, f"there is nothing in {folder}"
        found += files
    return found
