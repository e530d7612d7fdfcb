"""Runs several programs as one: prefixed output, an ordered and patient end, nothing left behind.

Each program is in a session of its own, so that Ctrl-C in the terminal reaches the supervisor alone, which then stops them in
the opposite order of their start. The kernel ends them when the supervisor is killed.
"""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Self

from embedded.restarts import Restarts

LAST_WORDS = 5
TRIES = 5
"""Ends in a row, each soon after the start, that show a fault which starting again does not cure."""
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
MORTAL = Path(__file__).parent / "end_with_parent.py"


class Interrupted(Exception):
    """A person or the system asked for the end."""


class ProgramEnded(Exception):
    """A program ended that should have stayed, or failed, or was not ready in time; the message says which and how."""


@dataclass(frozen=True, slots=True)
class Program:
    """``grace``: seconds between asking it to end and killing it. ``revived``: started again when it ends."""

    name: str
    arguments: tuple[str, ...]
    grace: float = 10
    revived: bool = False
    quiet: bool = False


@dataclass(slots=True)
class Child:
    """A running program and what it wrote after its last whole line."""

    program: Program
    process: subprocess.Popen[bytes]
    rest: bytes = b""
    lines: list[str] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)


class Supervisor:
    """Owns the signal handlers of the process from ``__enter__`` to ``__exit__``, and stops everything at the latter.

    ``bears``: how many times in a row a program may end that is started again; None for as many as it takes.
    """

    def __init__(self, directory: Path, environment: Mapping[str, str], *, width: int = 8) -> None:
        self.directory = directory
        self.environment = dict(environment)
        self.children: list[Child] = []
        self.started: Callable[[list[Child]], None] = lambda children: None
        self._width = width
        self._selector = selectors.DefaultSelector()
        self._asked = 0
        self._stopping = False
        self._restore: list[Callable[[], object]] = []
        self._restarts: dict[str, Restarts] = {}
        self._due: list[tuple[float, Program]] = []
        self.bears: int | None = TRIES

    def __enter__(self) -> Self:
        for number in STOP_SIGNALS:
            self._restore.append(partial(signal.signal, number, signal.signal(number, self._ask)))
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()
        for restore in self._restore:
            restore()
        self._selector.close()

    def say(self, sentence: str, *, name: str = "demo") -> None:
        """One line of output under ``name``. When nobody can read any more (the terminal was closed), it is time to end."""
        try:
            print(f"{name:{self._width}} | {sentence}\n", end="", flush=True)
        except OSError:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, sys.stdout.fileno())
            os.close(nowhere)
            if not self._stopping:
                self._asked += 1

    def start(self, program: Program) -> Child:
        """Starts ``program`` beside the others."""
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(MORTAL), str(os.getpid()), *program.arguments],
            cwd=self.directory,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        child = Child(program, process)
        if process.stdout is None:
            raise ProgramEnded(f"{program.name} has no output")
        os.set_blocking(process.stdout.fileno(), False)
        self._selector.register(process.stdout, selectors.EVENT_READ, child)
        self.children.append(child)
        self.started(self.children)
        return child

    def run(self, program: Program) -> list[str]:
        """Runs ``program`` to its end while the others go on; returns the last lines it wrote.

        Raises ProgramEnded unless it ended with 0.
        """
        code, lines = self.outcome(program)
        if code:
            if program.quiet:
                for line in lines:
                    self.say(line, name=program.name)
            raise ProgramEnded(f"{program.name} ended with {_word(code)}")
        return lines

    def outcome(self, program: Program) -> tuple[int, list[str]]:
        """Like ``run``, but gives the exit code back instead of raising."""
        child = self.start(program)
        while child.process.poll() is None:
            self.step(ignore=child)
        self._forget(child)
        return child.process.returncode, child.lines

    def wait(self, ready: Callable[[], bool], seconds: float, what: str) -> None:
        """Goes on until ``ready`` says yes. Raises ProgramEnded after ``seconds``."""
        deadline = time.monotonic() + seconds
        while not ready():
            if time.monotonic() > deadline:
                raise ProgramEnded(f"{what} within {seconds:.0f} s")
            self.step()

    def watch(self) -> None:
        """Goes on until somebody asks for the end (Interrupted) or a program ends (ProgramEnded)."""
        while True:
            self.step()

    def step(self, *, ignore: Child | None = None) -> None:
        """Prints what came, for at most 0.1 s. Raises Interrupted and ProgramEnded."""
        if self._asked and not self._stopping:
            raise Interrupted
        self._print(0.1)
        for child in list(self.children):
            if child is ignore or child.process.poll() is None:
                continue
            self._forget(child)
            self._ended(child)
        for moment, program in [due for due in self._due if due[0] <= time.monotonic()]:
            self._due.remove((moment, program))
            self.start(program)

    def _ended(self, child: Child) -> None:
        """What becomes of a program that ended by itself. Raises ProgramEnded."""
        program, word = child.program, _word(child.process.returncode)
        if not program.revived:
            raise ProgramEnded(f"{program.name} ended with {word}")
        restarts = self._restarts.setdefault(program.name, Restarts())
        pause = restarts.pause_after(time.monotonic() - child.began)
        if self.bears is not None and restarts.in_row >= self.bears:
            self._show_last_words(child)
            raise ProgramEnded(f"{program.name} ended {restarts.in_row} times in a row, at last with {word}")
        what = "was killed (out of memory?)" if child.process.returncode == -signal.SIGKILL else f"ended with {word}"
        when = (
            f", {restarts.in_row} times in a row now; it is started again in {pause:.0f} s"
            if pause
            else " and is started again"
        )
        self._show_last_words(child)
        self.say(f"{program.name} {what}{when}")
        self._due.append((time.monotonic() + pause, program))

    def _show_last_words(self, child: Child) -> None:
        """What a quiet program wrote before it failed; others have said it already."""
        if child.program.quiet and child.process.returncode > 0:
            for line in child.lines[-LAST_WORDS:]:
                self.say(line, name=child.program.name)

    def stop(self) -> None:
        """Ends all programs, the last started first. Asked a second time while at it, it stops being patient."""
        self._stopping, asked = True, self._asked
        self._due.clear()
        for child in reversed(list(self.children)):
            if child.process.poll() is None:
                child.process.terminate()
            deadline = time.monotonic() + child.program.grace
            while child.process.poll() is None and time.monotonic() < deadline and self._asked == asked:
                self._print(0.05)
            if child.process.poll() is None:
                self.say(f"{child.program.name} does not end and is killed")
            self._forget(child)
        self._stopping = False

    def _ask(self, number: int, frame: FrameType | None) -> None:
        self._asked += 1

    def _print(self, seconds: float) -> None:
        for key, _ in self._selector.select(seconds):
            child: Child = key.data
            data = os.read(key.fd, 65536)
            if data:
                self._take(child, data)
            else:
                self._selector.unregister(key.fileobj)

    def _take(self, child: Child, data: bytes) -> None:
        *lines, child.rest = (child.rest + data).split(b"\n")
        for line in lines:
            text = line.decode(errors="replace").rstrip()
            child.lines.append(text)
            del child.lines[:-200]
            if text and not child.program.quiet:
                self.say(text, name=child.program.name)

    def _forget(self, child: Child) -> None:
        """Kills what is left of its session, prints its last words, drops it."""
        with suppress(ProcessLookupError):
            os.killpg(child.process.pid, signal.SIGKILL)
        child.process.wait()
        stream = child.process.stdout
        if stream is not None:
            with suppress(BlockingIOError):
                while data := os.read(stream.fileno(), 65536):
                    self._take(child, data)
            if child.rest:
                self._take(child, b"\n")
            with suppress(KeyError):
                self._selector.unregister(stream)
            stream.close()
        self.children.remove(child)


def _word(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


def python(name: str, *arguments: str, grace: float = 10, revived: bool = False, quiet: bool = False) -> Program:
    """A program in this Python."""
    return Program(name, (sys.executable, *arguments), grace, revived, quiet)
