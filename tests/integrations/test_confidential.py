"""A PSA that sends our credentials back, in whatever spelling: they are stored, logged and shown nowhere."""

from __future__ import annotations

import base64
import html
import json
import logging
import re
import secrets
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote, unquote_plus

import psycopg
import pytest
from django.db import connection as database
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

import integrations
from foundation.core.known_secrets import KnownSecrets, working_with
from foundation.tenancy.models import Organization, User
from foundation.tenancy.scope import tenant, tenant_transaction
from integrations import registry
from integrations.confidential import SECRET_KINDS
from integrations.errors import IntegrationError
from integrations.models import Connection
from integrations.redaction import redacted
from integrations.services.connections import connection_create, connection_test
from integrations.services.probing import connection_catalog_read
from integrations.threads import CallPool
from sync.engine.run.drive import advance
from sync.models import Issue, Run
from sync.services.runs import run_request
from tests.loopback import Answer, Loopback, Received, json_reply, reply

SECRETS = ("Rosebud/Falcon-One=", 'Quartz&Vine"Two<3>', "Maple%Ember;Four")
TOKEN = "Opal-Token-Five"
CREDENTIALS = {
    "connectwise": {"company_id": "acme", "public_key": SECRETS[0], "private_key": SECRETS[1], "client_id": SECRETS[2]},
    "autotask": {"username": "robot", "secret": SECRETS[1], "integration_code": SECRETS[2]},
    "halo": {"tenant": "acme", "client_id": SECRETS[0], "client_secret": SECRETS[1]},
}
SPELLINGS: dict[str, Callable[[str], str]] = {
    "as it is": lambda secret: secret,
    "capitals": str.upper,
    "mixed case": lambda secret: "".join(c.lower() if n % 2 else c.upper() for n, c in enumerate(secret)),
    "for an address": lambda secret: quote(secret, safe=""),
    "for an address twice": lambda secret: quote(quote(secret, safe=""), safe=""),
    "for a form": lambda secret: quote(secret, safe="").replace("%20", "+").lower(),
    "for JSON": lambda secret: json.dumps(secret)[1:-1],
    "for JSON in JSON": lambda secret: json.dumps(json.dumps(secret)),
    "for JSON, every character": lambda secret: "".join(f"\\u{ord(sign):04X}" for sign in secret),
    "for HTML": html.escape,
    "base64": lambda secret: base64.b64encode(secret.encode()).decode(),
    "base64 within": lambda secret: base64.b64encode(f"acme+{secret}:{secret}!".encode()).decode(),
    "base64 for addresses": lambda secret: base64.urlsafe_b64encode(f"x{secret}yz".encode()).decode(),
    "hexadecimal": lambda secret: secret.encode().hex(),
    "in an excerpt that ends in it": lambda secret: "x" * 290 + secret,
}


def leaks(text: str, secrets: Iterable[str] = SECRETS) -> list[str]:
    """The secrets that a patient reader finds in the text."""
    plain = [text, unquote_plus(unquote_plus(text)), html.unescape(text), re.sub(r"\\+", r"\\", text)]
    plain += [re.sub(r"\\u([0-9a-fA-F]{4})", lambda found: chr(int(found[1], 16)), text), text.replace("\\", "")]
    for run in re.findall(r"[A-Za-z0-9+/_-]{8,}", text):
        for start in range(4):
            coded = run[start:].replace("-", "+").replace("_", "/")
            plain.append(base64.b64decode(coded[: len(coded) // 4 * 4]).decode("latin-1"))
        if re.fullmatch("(?:[0-9a-f]{2})+", run):
            plain.append(bytes.fromhex(run).decode("latin-1"))
    whole = " ".join(plain).lower()
    return [secret for secret in secrets if secret.lower() in whole or secret[:9].lower() in whole]


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_secret_is_blotted_however_it_is_spelt(spelling: str) -> None:
    known = KnownSecrets(SECRETS)
    said = " ".join(f"Refused: {SPELLINGS[spelling](secret)} is wrong." for secret in SECRETS)
    assert leaks(said) != [] or spelling == "for JSON, every character"
    assert leaks(known.blotted(said)) == []
    assert leaks(known.blotted(said, 300)) == []


def test_a_token_that_was_learnt_is_blotted_too() -> None:
    known = KnownSecrets(SECRETS)
    for number in range(20):
        known.learn(f"Opal-Token-{number}")
    assert leaks(known.blotted("opal-token-19 refused, not Opal%2DToken%2D18"), ["Opal-Token"]) == []


def test_of_learnt_tokens_the_latest_are_remembered_beside_what_was_given() -> None:
    known = KnownSecrets(SECRETS)
    for number in range(10, 19):
        known.learn(f"Opal-Token-{number}")
    said = [known.blotted(f"Opal-Token-{number}") for number in range(10, 19)]
    assert said == ["Opal-Token-10", *["•••"] * 8]
    assert [known.blotted(secret) for secret in SECRETS] == ["•••"] * len(SECRETS)


def test_a_token_that_is_learnt_again_pushes_no_other_out() -> None:
    known = KnownSecrets([])
    for number in range(10, 18):
        known.learn(f"Opal-Token-{number}")
    for _ in range(8):
        known.learn("Opal-Token-17")
    assert known.blotted("Opal-Token-10") == "•••"


def test_a_secret_that_begins_with_another_goes_as_a_whole() -> None:
    """Were a shorter one looked for first, what is left of the longer one could be read."""
    whole = "Rosebud-Falcon-Quartz-Maple-Opal"
    known = KnownSecrets(whole[:length] for length in range(7, len(whole) + 1))
    assert known.blotted(f"Refused: {whole} is wrong.") == "Refused: ••• is wrong."


SECRET_NAMES = {
    "password",
    "secret",
    "token",
    "private_key",
    "privatekey",
    "public_key",
    "publickey",
    "api_key",
    "apikey",
    "signing_key",
    "signingkey",
    "authorization",
    "cookie",
}


@pytest.mark.parametrize("name", sorted(SECRET_NAMES))
@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("{}=hush&page=2", "{}=•••&page=2"),
        ("{}: hush, page: 2", "{}: •••, page: 2"),
        ('"{}": "hush hush", "page": 2', '"{}": •••, "page": 2'),
        ("'X-{}-2': 'hush hush'; page", "'X-{}-2': •••; page"),
        ("{}=hush<br>", "{}=•••<br>"),
    ],
)
def test_what_stands_behind_the_name_of_a_secret_is_blotted(name: str, said: str, left: str) -> None:
    assert redacted(said.format(name)) == left.format(name)
    assert redacted(said.format(name.upper()).encode()) == left.format(name.upper())


@pytest.mark.parametrize("scheme", ["Basic", "bearer"])
def test_what_stands_behind_a_scheme_of_authorization_is_blotted(scheme: str) -> None:
    assert redacted(f"{scheme} aGk6aG8= was refused") == f"{scheme} ••• was refused"


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_of_a_token_of_a_thousand_characters_nothing_is_left(spelling: str) -> None:
    token = secrets.token_urlsafe(900)
    known = KnownSecrets([])
    known.learn(token)
    spelt = SPELLINGS[spelling](token)
    with working_with(known):
        left = redacted(f"Refused: {spelt} is wrong.", length=20_000)
    assert left.endswith(" is wrong.")
    assert [spelt[at : at + 24] for at in range(len(spelt) - 24) if at >= 290 and spelt[at : at + 24] in left] == []


def test_a_long_secret_with_blanks_is_found_as_a_whole() -> None:
    secret = " ".join(["correct horse battery staple"] * 5)
    with working_with(KnownSecrets([secret])):
        assert redacted(f"Refused: {secret} is wrong.") == "Refused: ••• is wrong."


def test_backslashes_without_end_take_no_time() -> None:
    known = KnownSecrets(['"Quote/first\\', "'%&"])
    assert known.blotted("\\" * 20_000 + "%25" * 5_000 + "&amp;" * 5_000).count("•") == 0


def test_threads_of_a_call_know_its_secrets() -> None:
    said = "x " * 142 + SECRETS[0]
    with working_with(KnownSecrets(SECRETS)), CallPool(2) as pool:
        assert leaks(" ".join([pool.submit(redacted, said).result(), *pool.map(redacted, [said, said])])) == []


def test_adapters_ask_several_things_at_once_in_such_threads_alone() -> None:
    folder = Path(integrations.__file__).parent
    users = {
        str(path.relative_to(folder))
        for path in folder.rglob("*.py")
        if re.search(r"ThreadPoolExecutor|threading\.Thread\(", path.read_text())
    }
    assert users == {"threads.py"}


def test_what_is_no_secret_stays() -> None:
    said = (
        "Company acme: the field summary of ticket 48231 must not be longer than 100 characters (rose, quartz, 100 %)."
    )
    assert KnownSecrets(SECRETS).blotted(said) == said


def echoed(request: Received, secrets: Iterable[str]) -> str:
    """All secrets in all spellings, and what was sent."""
    words = [f"{name}: {spell(secret)}" for secret in secrets for name, spell in SPELLINGS.items()]
    sent = [f"{name}={value}" for name, value in request.headers.items()]
    return " ; ".join(words + sent + [request.target, request.body.decode("latin-1")])


def failure(said: str, status: int) -> Answer:
    """An error as each of the vendors words it."""
    short = [said[place : place + 200] for place in range(0, len(said), 200)]
    body = {"code": "x", "message": said, "error": said, "error_description": said, "Message": said}
    return json_reply({**body, "errors": short, "ClassName": "x"}, status)


def plain_failure(said: str, status: int) -> Answer:
    return reply(said, status, Content_Type="text/plain")


def cut_within(said: str, status: int) -> Answer:
    """An error whose excerpt would end in the midst of the first secret."""
    return failure("x " * 142 + said.partition(": ")[2].partition(" ;")[0], status)


def web_page(said: str) -> Answer:
    return reply(f"<html><body><p>{html.escape(said)}</p></body></html>", 403, Content_Type="text/html")


def elsewhere(said: str) -> Answer:
    return reply(b"", 302, Location="/login?" + quote(said[:900], safe="/=&+"))


def odd_rows(said: str) -> Answer:
    """A list whose rows can't be understood, and name us."""
    row = {"id": {"x": said[:400]}, "name": [said], "summary": 7, "lastActivityDate": said[:60]}
    return json_reply([row, {**row, "id": 5}])


ANSWERS: dict[str, Callable[[str], Answer]] = {
    "refused": lambda said: failure(said, 401),
    "a right is missing": lambda said: failure(said, 403),
    "cut within a secret": lambda said: cut_within(said, 400),
    "invalid": lambda said: failure(said, 400),
    "a fault of its own": lambda said: plain_failure(said, 500),
    "a web page": web_page,
    "a redirect": elsewhere,
    "odd rows": odd_rows,
    "not JSON": lambda said: reply(said, 200, Content_Type="application/json"),
}


@pytest.fixture
def remote() -> Iterator[Callable[[str, Iterable[str]], Loopback]]:
    """``remote("refused", secrets)``: a PSA that lets us in and then answers so."""
    opened: list[Loopback] = []

    def start(mode: str, secrets: Iterable[str]) -> Loopback:
        def answer(request: Received) -> Answer:
            if request.path.endswith("/token") and mode != "refused":
                return json_reply({"access_token": TOKEN, "expires_in": 3600, "token_type": "Bearer"})
            if "oneInformation" in request.path and mode != "refused":
                address = opened[-1].address
                return json_reply({"zoneName": "Z", "url": f"{address}/ATServicesRest/", "webUrl": address, "ci": 1})
            return ANSWERS[mode](echoed(request, secrets))

        opened.append(Loopback(answer).__enter__())
        return opened[-1]

    yield start
    for server in opened:
        server.__exit__(None, None, None)


def linked(organization: Organization, provider: str, address: str) -> Connection:
    credentials = {**CREDENTIALS[provider], "address": address}
    if provider == "halo":
        credentials |= {"address": f"{address}/api", "auth_address": f"{address}/auth"}
    with tenant_transaction(organization.pk):
        return connection_create(
            organization_id=organization.pk, provider=provider, name="Main", credentials=credentials
        )


def stored(owner: psycopg.Connection, organization: Organization) -> str:
    """Every row of the organization as text; of the connection without its encrypted credentials."""
    query = "SELECT table_name FROM information_schema.columns WHERE table_schema = 'public' AND column_name = 'organization_id'"
    tables = [name for (name,) in owner.execute(query).fetchall()]
    with tenant_transaction(organization.pk), database.cursor() as cursor:
        found = []
        for table in sorted(tables):
            cursor.execute(f"SELECT to_jsonb(t) - 'credentials' - 'draft_credentials' FROM {table} t")
            found += [json.dumps(row) if not isinstance(row, str) else row for (row,) in cursor.fetchall()]
    return "\n".join(found)


def used(organization: Organization, made: Connection) -> None:
    """A test, a look at what there is to choose from, and a sync."""
    with tenant(organization.pk):
        connection_test(connection=made)
        with suppress(IntegrationError):
            connection_catalog_read(connection=made)
        with tenant_transaction():
            asked = run_request(connection=made, kind="full", trigger=Run.Trigger.PERSON, urgent=True)
        for _ in range(3):
            advance(asked.run.pk)


@pytest.mark.committed
@pytest.mark.parametrize("mode", ANSWERS)
@pytest.mark.parametrize("provider", CREDENTIALS)
def test_what_a_psa_echoes_is_nowhere(
    provider: str,
    mode: str,
    owner: psycopg.Connection,
    organization: Organization,
    admin: User,
    remote: Callable[[str, Iterable[str]], Loopback],
    client_for: Callable[[User], Client],
    settings: Settings,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    settings.OUTBOUND_ALLOWED_NETWORKS = ["127.0.0.0/8"]
    caplog.set_level(logging.DEBUG)
    secrets = [value for value in CREDENTIALS[provider].values() if value in SECRETS]
    echoes = [*secrets, TOKEN] if provider == "halo" else secrets
    server = remote(mode, echoes)
    made = linked(organization, provider, server.address)
    used(organization, made)
    browser = client_for(admin)
    pages = [
        reverse(f"web:{name}", args=[made.pk]) for name in ("connection", "connection_credentials", "connection_sync")
    ]
    with tenant_transaction(organization.pk):
        run = Run.objects.get()
        pages += [reverse("web:issue", args=[issue.pk]) for issue in Issue.objects.all()]
    pages += [reverse(f"web:{name}", args=[run.pk]) for name in ("run", "run_items", "run_log")]
    browser.post(reverse("web:connection_test", args=[made.pk]))
    browser.post(reverse("web:connection_choices", args=[made.pk]))
    shown = "\n".join(browser.get(page).text for page in [*pages, "/", "/sync/history/", "/sync/issues/"])
    assert server.received != []
    assert leaks(stored(owner, organization), echoes) == []
    assert leaks(shown, echoes) == []
    assert leaks(capfd.readouterr().err, echoes) == []


def test_credentials_that_are_kept_secret_are_those_that_are_never_shown() -> None:
    kinds = {
        provider: {field.name for field in registry.provider(provider).credential_fields if field.kind in SECRET_KINDS}
        for provider in CREDENTIALS
    }
    assert kinds == {
        "connectwise": {"public_key", "private_key", "client_id"},
        "autotask": {"secret", "integration_code"},
        "halo": {"client_id", "client_secret"},
    }


def test_a_sample_of_one_long_word_takes_no_longer_than_one_of_many() -> None:
    """Looked for at each of its letters, a name of a secret costs the square of the word's length: ten minutes for a page of them."""
    words = ["x" * 100_000, "password-" * 10_000, "a." * 50_000]
    began = time.process_time()
    for _ in range(100):
        assert all(len(redacted(word, length=80)) <= 80 for word in words)
    assert time.process_time() - began < 5
