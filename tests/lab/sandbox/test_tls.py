"""Sandboxes that speak HTTPS: any client that trusts the certificate gets in, and addresses in answers say so too."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from lab.sandbox import tls

SYSTEMS = ("connectwise", "halo", "autotask")
SIGNED = {"UserName": "username", "Secret": "secret", "ApiIntegrationCode": "integration_code"}


@contextmanager
def started(system: str, *options: str) -> Iterator[dict[str, str]]:
    """What the sandbox tells of itself."""
    command = [sys.executable, "-m", f"lab.sandbox.{system}", "--tickets", "40", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())
        finally:
            process.terminate()
            process.wait(15)


@pytest.mark.parametrize("system", SYSTEMS)
def test_each_sandbox_speaks_https_to_those_who_trust_it_and_to_nobody_else(system: str) -> None:
    with started(system, "--tls") as told:
        assert told["address"].startswith("https://127.0.0.1:")
        stats = {"url": f"{told['control']}/stats", "headers": {"X-Control-Token": told["control_token"]}}
        assert requests.get(**stats, verify=told["certificate"], timeout=10).json()["requests"] == 0
        with pytest.raises(requests.exceptions.SSLError):
            requests.get(**stats, timeout=10)
    assert not Path(told["certificate"]).exists()


def test_a_caller_who_never_shakes_hands_keeps_nobody_waiting() -> None:
    with started("connectwise", "--tls") as told:
        host, port = told["address"].removeprefix("https://").split(":")
        with socket.create_connection((host, int(port))):
            info = requests.get(f"{told['address']}/login/companyinfo/training", verify=told["certificate"], timeout=10)
            assert info.json()["CompanyName"] == "Northwind MSP"


def test_autotask_names_addresses_of_the_scheme_that_it_was_asked_by() -> None:
    with started("autotask", "--tls") as told:
        session = requests.Session()
        # An environment that names authorities of its own would win over what is asked here.
        session.trust_env = False
        session.verify = told["certificate"]
        base = f"{told['address']}/atservicesrest/v1.0"
        zone = session.get(f"{base}/zoneInformation", params={"user": told["username"]}, timeout=10).json()
        assert zone["url"] == f"{told['address']}/zone5/atservicesrest/"
        signed = {name: told[key] for name, key in SIGNED.items()}
        query = {"filter": [{"op": "gte", "field": "id", "value": "0"}], "maxRecords": 2}
        page = session.post(f"{zone['url']}v1.0/Tickets/query", json=query, headers=signed, timeout=10).json()
        assert page["pageDetails"]["nextPageUrl"].startswith(f"{told['address']}/zone5/")


def test_a_certificate_is_kept_where_it_is_asked_to_be_and_others_are_taken(tmp_path: Path) -> None:
    with started("halo", "--tls", str(tmp_path)) as told:
        assert told["certificate"] == str(tmp_path / tls.CERTIFICATE)
    first = (tmp_path / tls.CERTIFICATE).read_bytes()
    assert os.stat(tmp_path / tls.KEY).st_mode & 0o777 == 0o600
    with started("halo", "--tls", str(tmp_path)):
        assert (tmp_path / tls.CERTIFICATE).read_bytes() == first


@pytest.mark.parametrize("spoil", [lambda place: place.unlink(), lambda place: place.write_bytes(b"no key")])
def test_files_that_are_no_certificate_are_told_in_a_sentence(tmp_path: Path, spoil: object) -> None:
    tls.context(tmp_path, "127.0.0.1")
    assert callable(spoil)
    spoil(tmp_path / tls.KEY)
    with pytest.raises(tls.CertificateProblem, match=r"certificate.pem and key.pem in .* cannot be used"):
        tls.context(tmp_path, "127.0.0.1")
