"""The checks behind bin/test, run in MSPortal's environment."""

from __future__ import annotations

import argparse
import os
import secrets
import subprocess
import sys
import tempfile
import time
from base64 import urlsafe_b64encode
from contextlib import ExitStack
from pathlib import Path

from embedded.errors import ServersError
from tests.servers_plugin import own_database, test_servers

ROOT = Path(__file__).resolve().parent.parent
PYTHON = sys.executable
MANAGE = [PYTHON, str(ROOT / "manage.py")]
REAL_POSTGRES = "postgresql://postgres@127.0.0.1:5432/postgres"
REAL_REDIS = "redis://127.0.0.1:6379"
PRODUCTION = {
    "ALLOWED_HOSTS": "portal.example.com",
    "BASE_URL": "https://portal.example.com",
    "BEHIND_PROXY": "1",
    "DEBUG": "0",
    "EMAIL_URL": "smtp+tls://portal:secret@mail.example.com:587",
    "TRUSTED_PROXIES": "10.0.0.5",
}

PYTEST = [PYTHON, "-m", "pytest"]
ALONE = (["tests/e2e", "tests/embedded"], ["tests/lab/faults"])
"""They start whole installations, and watch when what happens: mostly they wait, so that two of them go side by side, but not beside others."""
STATIC = {
    "lint": [PYTHON, "-m", "ruff", "check", "."],
    "format": [PYTHON, "-m", "ruff", "format", "--check", "."],
    "layers": [str(Path(PYTHON).parent / "lint-imports")],
}
ALL = "all"
ON_SERVERS = {
    "types": [PYTHON, "-m", "mypy"],
    "migrations are made": [*MANAGE, "makemigrations", "--check", "--dry-run"],
    "migrations run": [*MANAGE, "migrate", "--verbosity", "0"],
    "row security covers": [*MANAGE, "rowsecurity"],
}


def main(arguments: list[str]) -> int:
    """Runs the checks, then the tests; returns the exit code."""
    chosen, for_pytest = _parser().parse_known_args(arguments)
    if chosen.lint:
        names = STATIC if chosen.lint == ALL else [chosen.lint]
        failed = [name for name in names if not _passes(name, STATIC[name], {})]
        return 1 if failed else 0
    if chosen.real:
        os.environ.setdefault("TEST_SUPERUSER_URL", REAL_POSTGRES)
        os.environ.setdefault("TEST_REDIS_URL", REAL_REDIS)
    try:
        with test_servers():
            if not chosen.tests and not _checks():
                return 1
            if chosen.checks:
                return 0
            return _tests(for_pytest)
    except ServersError as err:
        print(err, file=sys.stderr)
        return ServersError.EXIT_CODE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="bin/test",
        description="Lint, types, import layers, migrations, row security, then the tests. Other arguments go to pytest.",
    )
    parser.add_argument(
        "--real",
        action="store_true",
        help=f"on servers that run here already: TEST_SUPERUSER_URL (default {REAL_POSTGRES}) "
        f"and TEST_REDIS_URL (default {REAL_REDIS})",
    )
    only = parser.add_mutually_exclusive_group()
    only.add_argument("--tests", action="store_true", help="the tests alone")
    only.add_argument("--checks", action="store_true", help="everything but the tests")
    only.add_argument(
        "--lint",
        nargs="?",
        const=ALL,
        choices=[ALL, *STATIC],
        help="the checks that need no servers, or one of them: seconds, as before a commit",
    )
    return parser


def _checks() -> bool:
    """Runs all of them, also after a failure; returns whether all passed."""
    failed = [name for name, command in STATIC.items() if not _passes(name, command, {})]
    with own_database() as environment:
        failed += [name for name, command in ON_SERVERS.items() if not _passes(name, command, environment)]
        production = {**environment, **PRODUCTION, **_production_secrets()}
        deploy = [*MANAGE, "check", "--deploy", "--fail-level", "WARNING"]
        failed += [] if _passes("ready to deploy", deploy, production) else ["ready to deploy"]
    if failed:
        print(f"bin/test | failed: {', '.join(failed)}; the tests were not run (bin/test --tests runs them alone)")
    return not failed


def _production_secrets() -> dict[str, str]:
    return {
        "SECRET_KEY": secrets.token_urlsafe(60),
        "CREDENTIAL_KEYS": urlsafe_b64encode(secrets.token_bytes(32)).decode(),
    }


def _passes(name: str, command: list[str], environment: dict[str, str]) -> bool:
    started = time.monotonic()
    done = subprocess.run(
        command,
        check=False,
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    word = "failed" if done.returncode else "ok"
    print(f"bin/test | {name:20} {word:6} {time.monotonic() - started:5.1f} s", flush=True)
    if done.returncode:
        print(done.stdout.rstrip(), flush=True)
    return not done.returncode


def _tests(for_pytest: list[str]) -> int:
    """Named tests in one go; all of them in two: first what can share the machine, then what can't."""
    if any(not argument.startswith("-") for argument in for_pytest):
        return _run([*PYTEST, *for_pytest])
    alone = [[path for path in paths if f"--ignore={path}" not in for_pytest] for paths in ALONE]
    ignored = [f"--ignore={path}" for paths in ALONE for path in paths]
    together = _run([*PYTEST, "-n", "2", *ignored, *for_pytest])
    return _run_side_by_side([[*PYTEST, *paths, *for_pytest] for paths in alone if paths]) or together


def _run(command: list[str]) -> int:
    return subprocess.run(command, check=False, cwd=ROOT).returncode


def _run_side_by_side(commands: list[list[str]]) -> int:
    """Runs the first before everybody's eyes, and shows what the others wrote when they have ended; each with a database of its own. Returns
    the first exit code that is not 0."""
    with ExitStack() as opened:
        others = []
        for command in commands[1:]:
            said = opened.enter_context(tempfile.TemporaryFile())
            process = subprocess.Popen(command, cwd=ROOT, stdout=said, stderr=subprocess.STDOUT)
            others.append((opened.enter_context(process), said))
        codes = [_run(command) for command in commands[:1]]
        for process, said in others:
            codes.append(process.wait())
            said.seek(0)
            print(said.read().decode(errors="replace"), flush=True)
    return next((code for code in codes if code), 0)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
