"""Two threads that need a type for the first time at the same moment: what msgspec learns of it is learnt once."""

from __future__ import annotations

import ast
import subprocess
import sys

from tests.source_files import PRODUCT, ROOT, source_files

RACE = '''
import sys, threading, types
import msgspec
from integrations.decoding import attempt, converted

sys.setswitchinterval(1e-6)
BODY = b'{"id": 1, "leaf": {"f0": 1, "f39": 2}, "row": {"id": 2, "leaf": {"f39": 1}}}'
SOURCE = """
class Leaf(msgspec.Struct):
%s

class Row(msgspec.Struct):
    id: 'int'
    leaf: 'Leaf | None' = None
    leaves: 'list[Leaf] | None' = None

class Other(msgspec.Struct):
    id: 'int'
    leaf: 'Leaf | None' = None
    row: 'Row | None' = None
""" % "\\n".join(f"    f{number}: 'int | None' = None" for number in range(40))


def family(number):
    """Payloads that nobody has read yet, and that share one."""
    module = types.ModuleType(f"family{number}")
    module.msgspec = msgspec
    sys.modules[module.__name__] = module
    exec(SOURCE, module.__dict__)
    return module


def read(kind, by_bytes, gate, found):
    gate.wait()
    found.append(attempt(BODY, kind) if by_bytes else converted(msgspec.json.decode(BODY), kind))


for number in range(60):
    module, gate, found = family(number), threading.Barrier(6), []
    ways = [(kind, by_bytes) for kind in (module.Row, module.Other) for by_bytes in (True, False, True)]
    threads = [threading.Thread(target=read, args=(*way, gate, found)) for way in ways]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert [one.leaf.f39 for one in found] == [2] * 6, found
print("read")
'''


def test_threads_that_read_a_type_for_the_first_time_at_once_all_read_it() -> None:
    """In a process of its own, for what it would come to is a segmentation fault."""
    done = subprocess.run([sys.executable, "-c", RACE], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout) == (0, "read\n"), done.stderr[-2000:]


def test_types_are_given_to_msgspec_in_one_place() -> None:
    """Anywhere else two threads could be the first."""
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in source_files(*PRODUCT)
        if path.name != "decoders.py"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and gives_a_type(node)
    ]
    assert found == []


def gives_a_type(call: ast.Call) -> bool:
    """``msgspec.convert``, ``…Decoder(…)``, and ``decode`` with a type."""
    said = ast.unparse(call.func)
    if said in ("msgspec.convert", "msgspec.json.Decoder"):
        return True
    return said == "msgspec.json.decode" and any(word.arg == "type" for word in call.keywords)
