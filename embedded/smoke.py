"""The main job without a person, as a user would do it: by the command line, by the pages, and in the PSA itself."""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import requests

from embedded.supervisor import Program, Supervisor

GOOD = ("no_change", "success")
SECONDS = 60
NIGHT_SECONDS = 600
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


class Surprise(Exception):
    """Something was not as it should be; the message says what was seen and what was expected."""


class Browser:
    """A person's session on the pages."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self._session = direct_session()

    def get(self, path: str) -> str:
        """The page at ``path``. Raises Surprise unless it answers with success."""
        return self._read(self._session.get(self.base_url + path, timeout=SECONDS))

    def submit(self, path: str, **fields: str) -> str:
        """The page that follows the form at ``path``."""
        found = TOKEN.search(self.get(path))
        if found is None:
            raise Surprise(f"{path} has no form")
        sent = {"csrfmiddlewaretoken": found.group(1), **fields}
        headers = {"Referer": self.base_url + path}
        return self._read(self._session.post(self.base_url + path, sent, headers=headers, timeout=SECONDS))

    def _read(self, answer: requests.Response) -> str:
        if not answer.ok:
            raise Surprise(f"{answer.url} answered with status {answer.status_code}")
        return answer.text


class Psa:
    """The sandbox's control interface."""

    def __init__(self, sandbox: Mapping[str, str]) -> None:
        self._control = sandbox["control"]
        self._session = direct_session()
        self._session.headers["X-Control-Token"] = sandbox["control_token"]

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """What the door answers to a request. Raises Surprise when it refuses."""
        answer = self._session.request(method, f"{self._control}/{path}", json=body, timeout=SECONDS)
        if not answer.ok:
            raise Surprise(f"the sandbox's {path} answered {answer.status_code}: {answer.text[:200]}")
        return answer.json() if answer.content else None


def direct_session() -> requests.Session:
    """A session that no proxy variable of the caller leads astray."""
    session = requests.Session()
    session.trust_env = False
    return session


class Smoke:
    """Runs the steps in order and stops at the first surprise."""

    def __init__(
        self, supervisor: Supervisor, base_url: str, sandbox: Mapping[str, str], login: tuple[str, str]
    ) -> None:
        self.supervisor = supervisor
        self.browser = Browser(base_url)
        self.psa = Psa(sandbox)
        self.login = login
        self.connection = 0

    def run(self) -> None:
        """Raises Surprise."""
        for step in (
            self.pages_show_the_first_sync,
            self.clear_and_resync,
            self.quick_without_changes,
            self.quick_after_a_change,
            self.nightly_brought_forward,
            self.refused_credentials,
            self.accepted_again,
            self.other_organizations,
        ):
            self.say(step.__name__.replace("_", " "))
            step()
        self.say("everything was as expected")

    def say(self, sentence: str) -> None:
        self.supervisor.say(sentence, name="smoke")

    def pages_show_the_first_sync(self) -> None:
        """Logs in and looks at the main pages."""
        (found,) = self.manage("connection", "list", "--organization", "northwind")[1]
        self.connection = int(found["id"])
        self.browser.submit("/account/login/", login=self.login[0], password=self.login[1])
        for path in ("/", "/tickets/", "/clients/", "/sync/history/", "/settings/integrations/"):
            page = self.browser.get(path)
            if self.login[0] not in page and "northwind" not in page.lower():
                raise Surprise(f"{path} does not look like a page of somebody who is logged in")
            self.say(f"    {path} is there, {len(page):,} characters")

    def clear_and_resync(self) -> None:
        """Counts equal the PSA's own."""
        summary = self.sync("clear_resync", "--reason", "Smoke test")
        tickets = summary["streams"]["tickets"]
        self.expect("tickets fetched", tickets["fetched"], tickets["expected"])
        self.expect("tickets failed", tickets["failed"], 0)
        if not tickets["fetched"]:
            raise Surprise("no tickets were fetched")

    def quick_without_changes(self) -> None:
        """Nothing happened in the PSA, so nothing is written."""
        self.expect("result", self.sync("quick")["result"], "no_change")

    def quick_after_a_change(self) -> None:
        """What changes in the PSA is on the page after a quick sync."""
        word = f"Smoke {int(time.time())}"
        self.psa.ask("POST", "change", {"collection": "tickets", "n": 1, "set": {"summary": word}})
        summary = self.sync("quick")
        self.expect("result", summary["result"], "success")
        tickets = summary["streams"]["tickets"]
        self.expect("tickets written", tickets["created"] + tickets["updated"], 1)
        if word not in self.browser.get(f"/tickets/?{urlencode({'q': word})}"):
            raise Surprise(f"the changed ticket “{word}” is not in the list")
        self.say(f"    the list shows “{word}”")

    def nightly_brought_forward(self) -> None:
        """The night's run runs now, on a worker."""
        code, run = self.manage("sync", "nightly", "--connection", str(self.connection), "--now")
        self.expect("exit code", code, 0)
        deadline = time.monotonic() + NIGHT_SECONDS
        while run["state"] not in {"done", "failed", "cancelled", "held"}:
            if time.monotonic() > deadline:
                raise Surprise(f"the nightly is still {run['state']} after {NIGHT_SECONDS} s")
            run = self.manage("sync", "status", "--run", str(run["run"]))[1]
        self.tell(run)
        self.expect("trigger", run["trigger"], "nightly")
        self.expect("result is good", run["result"] in GOOD, True)

    def refused_credentials(self) -> None:
        """The PSA takes the keys no more: the run fails, says so, and what people see stays."""
        before = self.browser.get("/tickets/").count("<tr")
        self.psa.ask("POST", "faults", [{"kind": "401"}])
        code, run = self.start("quick")
        self.tell(run)
        self.expect("exit code", code, 1)
        self.expect("result", run["result"], "error")
        (found,) = self.manage("connection", "list", "--organization", "northwind")[1]
        self.expect("state of the connection", found["state"], "refused")
        self.expect("rows in the ticket list", self.browser.get("/tickets/").count("<tr"), before)

    def accepted_again(self) -> None:
        """With working keys the connection recovers by a test, and syncs."""
        self.psa.ask("DELETE", "faults")
        self.expect("exit code", self.manage("connection", "test", "--connection", str(self.connection))[0], 0)
        self.sync("quick")

    def other_organizations(self) -> None:
        """Each other system's tickets are here, as many as it counts itself, and a second sync finds nothing to do."""
        for organization in ("contoso", "fabrikam", "wingtip"):
            for found in self.manage("connection", "list", "--organization", organization)[1]:
                self.connection = int(found["id"])
                self.say(f"    {organization}: {found['name']}")
                first = self.sync("full")["streams"]["tickets"]
                if not first["fetched"]:
                    raise Surprise(f"no tickets were fetched through {found['name']}")
                self.expect("tickets failed", first["failed"], 0)
                again = self.sync("full")
                self.expect("result", again["result"], "no_change")

    def sync(self, kind: str, *options: str) -> dict[str, Any]:
        """The summary of a run that went well. Raises Surprise when it did not."""
        code, summary = self.start(kind, *options)
        self.tell(summary)
        self.expect("exit code", code, 0)
        self.expect("result is good", summary["result"] in GOOD, True)
        return summary

    def start(self, kind: str, *options: str) -> tuple[int, Any]:
        """Exit code and summary of ``sync start … --wait``."""
        return self.manage("sync", "start", "--connection", str(self.connection), "--kind", kind, *options, "--wait")

    def manage(self, *arguments: str) -> tuple[int, Any]:
        """Exit code, and the JSON in the last line."""
        command = (sys.executable, "manage.py", *arguments, "--json")
        code, lines = self.supervisor.outcome(Program("command", command, quiet=True))
        try:
            return code, json.loads(lines[-1])
        except (ValueError, IndexError) as err:
            said = "\n".join(lines[-10:])
            raise Surprise(f"manage.py {' '.join(arguments)} ended with {code} and said:\n{said}") from err

    def tell(self, summary: Mapping[str, Any]) -> None:
        """One run in a line."""
        tickets = summary["streams"].get("tickets", {})
        figures = " ".join(
            f"{name} {tickets.get(name)}" for name in ("fetched", "created", "updated", "unchanged", "removed")
        )
        self.say(f"    {summary['kind']}: {summary['result']} in {summary['seconds']} s, tickets: {figures}")

    def expect(self, what: str, seen: object, wanted: object) -> None:
        """Raises Surprise unless they are equal."""
        if seen != wanted:
            raise Surprise(f"{what}: {seen}, expected {wanted}")
