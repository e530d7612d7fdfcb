"""Programs under one supervisor: order, patience, revival, and nothing left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from embedded import installation
from embedded.errors import ServersError
from embedded.supervisor import Child, Interrupted, ProgramEnded, Supervisor, python

STAYS = "import signal, time; print('up', flush=True); time.sleep(600)"
SAYS_WHEN_ENDED = """
import signal, sys, time
def end(*_):
    print(f"{sys.argv[1]} ends", flush=True)
    raise SystemExit(0)
signal.signal(signal.SIGTERM, end)
print("up", flush=True)
time.sleep(600)
"""
STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("up", flush=True)
time.sleep(600)
"""
OWN_CHILD = """
import subprocess, sys, time
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print("up", flush=True)
time.sleep(600)
"""
SUPERVISED = """
import os, sys
from pathlib import Path
from embedded.supervisor import Supervisor, python
with Supervisor(Path("/"), os.environ) as supervisor:
    child = supervisor.start(python("program", "-c", "import time; print('up', flush=True); time.sleep(600)"))
    supervisor.wait(lambda: bool(child.lines), 30, "the program was not up")
    print("pid", child.process.pid, flush=True)
    supervisor.watch()
"""

CHATTY = SUPERVISED.replace("time.sleep(600)", "[(print('on', flush=True), time.sleep(0.05)) for _ in range(10000)]")


def up(supervisor: Supervisor, child: Child) -> Child:
    supervisor.wait(lambda: "up" in child.lines, 30, f"{child.program.name} was not up")
    return child


def said(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return [line.split(" | ", 1)[1] for line in capsys.readouterr().out.splitlines()]


@pytest.fixture
def supervisor(tmp_path: Path) -> Supervisor:
    return Supervisor(tmp_path, os.environ)


def test_the_last_started_ends_first(supervisor: Supervisor, capsys: pytest.CaptureFixture[str]) -> None:
    with supervisor:
        for name in ("first", "second"):
            up(supervisor, supervisor.start(python(name, "-c", SAYS_WHEN_ENDED, name)))
    assert said(capsys) == ["up", "up", "second ends", "first ends"]


def test_a_program_that_ends_ends_the_watch(supervisor: Supervisor) -> None:
    with supervisor:
        supervisor.start(python("brief", "-c", "raise SystemExit(3)"))
        with pytest.raises(ProgramEnded, match="brief ended with exit code 3"):
            supervisor.watch()


def test_a_killed_worker_is_started_again_and_other_programs_are_not(supervisor: Supervisor) -> None:
    with supervisor:
        worker = up(supervisor, supervisor.start(python("worker", "-c", STAYS, revived=True)))
        worker.process.kill()
        supervisor.wait(lambda: worker not in supervisor.children, 30, "the worker was not missed")
        up(supervisor, supervisor.children[0])
        web = up(supervisor, supervisor.start(python("web", "-c", STAYS)))
        web.process.kill()
        with pytest.raises(ProgramEnded, match="web ended with signal SIGKILL"):
            supervisor.watch()


def test_a_program_that_ends_by_itself_is_started_again(
    supervisor: Supervisor, capsys: pytest.CaptureFixture[str]
) -> None:
    with supervisor:
        beat = up(supervisor, supervisor.start(python("beat", "-c", STAYS, revived=True)))
        beat.process.terminate()
        supervisor.wait(lambda: beat not in supervisor.children and bool(supervisor.children), 30, "it was not missed")
        up(supervisor, supervisor.children[0])
    assert said(capsys) == ["up", "beat ended with signal SIGTERM and is started again", "up"]


def test_a_program_that_never_works_ends_the_watch_and_says_why(
    supervisor: Supervisor, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("embedded.restarts.LONGEST_PAUSE", 0.1)
    with supervisor:
        supervisor.start(python("web", "-c", "print('no module'); raise SystemExit(3)", revived=True))
        with pytest.raises(ProgramEnded, match="web ended 5 times in a row, at last with exit code 3"):
            supervisor.watch()
    lines = said(capsys)
    assert lines.count("no module") == 5
    assert "web ended with exit code 3, 4 times in a row now; it is started again in 0 s" in lines


def test_a_quiet_program_that_fails_is_heard(supervisor: Supervisor, capsys: pytest.CaptureFixture[str]) -> None:
    with supervisor:
        supervisor.start(python("psa", "-c", "print('no port'); raise SystemExit(2)", revived=True, quiet=True))
        with pytest.raises(ProgramEnded, match="psa ended 5 times"):
            supervisor.watch()
    assert said(capsys).count("no port") == 5


def test_a_program_that_has_worked_is_never_given_up(
    supervisor: Supervisor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("embedded.restarts.LONGEST_PAUSE", 0.01)
    marks = tmp_path / "marks"
    ends = f"open({str(marks)!r}, 'a').write('x'); raise SystemExit(1)"
    with supervisor:
        supervisor.bears = None
        supervisor.start(python("web", "-c", ends, revived=True))
        supervisor.wait(lambda: marks.exists() and len(marks.read_text()) > 7, 60, "it was given up")


def test_a_program_that_does_not_end_is_killed_after_its_grace(supervisor: Supervisor) -> None:
    with supervisor:
        child = up(supervisor, supervisor.start(python("stubborn", "-c", STUBBORN, grace=0.2)))
    assert child.process.returncode == -signal.SIGKILL


def test_the_children_of_a_program_end_with_it(supervisor: Supervisor) -> None:
    with supervisor:
        child = up(supervisor, supervisor.start(python("parent", "-c", OWN_CHILD)))
        (grandchild,) = psutil.Process(child.process.pid).children()
    gone, alive = psutil.wait_procs([grandchild], timeout=10)
    assert (gone, alive) == ([grandchild], [])


def test_ctrl_c_interrupts(supervisor: Supervisor) -> None:
    with supervisor:
        up(supervisor, supervisor.start(python("program", "-c", STAYS)))
        os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(Interrupted):
            supervisor.watch()
    assert supervisor.children == []


def test_one_program_runs_to_its_end_and_gives_its_lines(supervisor: Supervisor) -> None:
    with supervisor:
        assert supervisor.run(python("once", "-c", "print('a'); print('b', end='')")) == ["a", "b"]
        assert supervisor.outcome(python("once", "-c", "print('c'); raise SystemExit(4)", quiet=True)) == (4, ["c"])
        with pytest.raises(ProgramEnded, match="once ended with exit code 1"):
            supervisor.run(python("once", "-c", "raise SystemExit('no')"))


def test_a_wait_has_an_end(supervisor: Supervisor) -> None:
    with supervisor, pytest.raises(ProgramEnded, match="it never came within 0 s"):
        supervisor.wait(lambda: False, 0, "it never came")


def test_the_programs_of_a_killed_supervisor_end() -> None:
    process = subprocess.Popen([sys.executable, "-c", SUPERVISED], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    pid = next(int(line.split()[1]) for line in process.stdout if line.startswith("pid"))
    program = psutil.Process(pid)
    process.kill()
    process.communicate()
    assert psutil.wait_procs([program], timeout=10)[1] == []


def test_programs_end_when_nobody_reads_their_output_any_more() -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", CHATTY], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    pid = next(int(line.split()[1]) for line in process.stdout if line.startswith("pid"))
    program = psutil.Process(pid)
    process.stdout.close()
    assert psutil.wait_procs([program], timeout=10)[1] == []
    assert process.wait(timeout=10) == 1
    assert process.stderr is not None
    assert process.stderr.read().strip().endswith("Interrupted")
    process.stderr.close()


def test_processes_of_a_killed_start_are_ended_and_strangers_are_not(tmp_path: Path) -> None:
    ours, stranger = (subprocess.Popen([sys.executable, "-c", STAYS], start_new_session=True) for _ in range(2))
    try:
        children = [Child(python("ours"), ours), Child(python("stranger"), stranger)]
        installation.remember(tmp_path, children)
        file = tmp_path / "demo-processes.json"
        file.write_text(file.read_text().replace(f'"{stranger.pid}": "', f'"{stranger.pid}": "9'))
        assert installation.end_leftovers(tmp_path, seconds=0.5) == 1
        assert ours.wait(timeout=10) == -signal.SIGTERM
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()
    assert installation.end_leftovers(tmp_path) == 0


def test_a_second_demo_on_the_same_data_is_refused(tmp_path: Path) -> None:
    with (
        installation.alone(tmp_path),
        pytest.raises(ServersError, match=f"process {os.getpid()}"),
        installation.alone(tmp_path),
    ):
        pass


def test_passwords_and_the_sandbox_stay_as_they_were(tmp_path: Path) -> None:
    assert installation.passwords(tmp_path) == installation.passwords(tmp_path)
    first = installation.sandbox(tmp_path, 100)
    assert installation.sandbox(tmp_path, None) == first
    with pytest.raises(ServersError, match="made with 100 tickets"):
        installation.sandbox(tmp_path, 200)
    assert installation.passwords_file(tmp_path).stat().st_mode & 0o777 == 0o600
