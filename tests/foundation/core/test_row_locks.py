"""Rows are locked so that what refers to them can still be written: a new row that names a locked one does not wait for it."""

from __future__ import annotations

import re

from tests.source_files import PRODUCT, ROOT, source_files

LOCK = re.compile(r"select_for_update\(((?:[^()]|\([^()]*\))*)\)")


def test_no_row_is_locked_against_those_that_only_refer_to_it() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {lock}"
        for path in source_files(*PRODUCT, "lab")
        for lock in LOCK.findall(path.read_text())
        if "no_key=True" not in lock
    ]
    assert not found, f"lock with no_key=True: who writes an entry of the audit log refers to the organization: {found}"
