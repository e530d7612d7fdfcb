"""From an address to its answer: sign-in, rights, and the reading half of the interface."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import parse_qsl

from lab.sandbox.halo import lists, reports
from lab.sandbox.halo.error_bodies import ErrorBodies, malformed, missing, oauth, refused
from lab.sandbox.halo.psa import VERSION, Psa
from lab.sandbox.reply import Refusal, Reply, json_reply
from lab.sandbox.request import Request

API, AUTH = "/api/", "/auth/"
SCOPES = {"all", "all:standard", "admin"} | {
    f"{verb}:{noun}"
    for verb in ("read", "edit")
    for noun in (
        *("tickets", "calendar", "timesheets", "customers", "crm", "contracts", "items", "assets", "reporting"),
        *("invoices", "sales", "suppliers", "projects", "quotes"),
    )
}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A collection's address: which records, which right, and how they are listed."""

    name: str
    module: str
    list: Callable[[Psa, Request], Reply]


def _table(name: str, module: str = "setup") -> Endpoint:
    return Endpoint(name, module, lambda psa, request: lists.table(psa, request, name))


def _clients(name: str, key: str) -> Endpoint:
    return Endpoint(name, "customers", lambda psa, request: lists.clients(psa, request, name, key))


def _holdings(name: str, key: str, module: str) -> Endpoint:
    return Endpoint(name, module, lambda psa, request: lists.client_records(psa, request, name, key))


ENDPOINTS = {
    "tickets": Endpoint("tickets", "tickets", lists.tickets),
    "actions": Endpoint("actions", "tickets", lists.actions),
    "client": _clients("companies", "clients"),
    "site": _clients("sites", "sites"),
    "users": _clients("contacts", "users"),
    "agent": Endpoint("members", "agents", lists.agents),
    "team": _table("teams", "agents"),
    "tickettype": _table("boards"),
    "status": _table("statuses"),
    "priority": _table("priorities"),
    "category": _table("categories"),
    "fieldinfo": _table("custom_fields", "fields"),
    "assettype": _table("asset_types", "assets"),
    "asset": _holdings("assets", "assets", "assets"),
    "item": _holdings("items", "items", "items"),
    "clientcontract": _holdings("contracts", "contracts", "contracts"),
    "recurringinvoice": _holdings("recurring", "invoices", "invoices"),
    "invoice": _holdings("invoices", "invoices", "invoices"),
    "projects": Endpoint("projects", "tickets", lists.projects),
    "appointment": Endpoint("appointments", "calendar", lists.appointments),
    "quotation": _holdings("quotations", "quotes", "sales"),
    "supplier": _holdings("suppliers", "suppliers", "suppliers"),
    "opportunities": _holdings("opportunities", "tickets", "sales"),
}
MODULES = sorted({endpoint.module for endpoint in ENDPOINTS.values()} | {"reporting"})


def answer(psa: Psa, request: Request) -> Reply:
    """The answer to a request of the vendor's interface; refusals are answers too."""
    try:
        return _answer(psa, request)
    except Refusal as refusal:
        return refusal.reply


def template_of(path: str) -> str:
    """``/api/Tickets/12`` → ``Tickets/{}``."""
    parts = path.removeprefix(API).strip("/").split("/")
    return "/".join("{}" if part.removeprefix("-").isdigit() else part for part in parts)


def _answer(psa: Psa, request: Request) -> Reply:
    if request.path == f"{AUTH}token" and request.method == "POST":
        return _token(psa, request)
    path = request.path.removeprefix(API).strip("/").lower()
    if not request.path.startswith(API):
        raise missing()
    if path in ("instanceinfo", "authinfo"):
        return _instance(psa, path)
    _signed_in(psa, request)
    if path == "report" and request.method == "POST":
        if "reporting" in psa.role.denied:
            raise Refusal(ErrorBodies().forbidden())
        return reports.run(psa, request)
    name, _, number = path.partition("/")
    endpoint = ENDPOINTS.get(name)
    if endpoint is None or request.method != "GET":
        raise missing()
    if endpoint.module in psa.role.denied:
        raise Refusal(ErrorBodies().forbidden())
    return _single(psa, request, endpoint, number) if number else endpoint.list(psa, request)


def _single(psa: Psa, request: Request, endpoint: Endpoint, text: str) -> Reply:
    if not text.removeprefix("-").isdigit():
        raise malformed("id", text)
    collection, number = psa[endpoint.name], int(text)
    if endpoint.name == "priorities":
        raise missing()  # their ids are GUIDs
    slot = collection.slot(number)
    if endpoint.name == "actions":
        ticket = lists.number_of(request, "ticket_id")
        if ticket is None:
            raise refused("ticket_id must be included")
        slot = next((s for s in collection.children(ticket) if collection.record(s)["number"] == number), None)
    if slot is None:
        raise missing()
    return Reply(body=lists.timed(psa, slot) if endpoint.name == "tickets" else collection.encoded(slot))


def _instance(psa: Psa, path: str) -> Reply:
    identity = psa.identity
    shown = {"auth_url": f"{identity.agent_url}/auth", "tenant_id": identity.tenant_id}
    if path == "authinfo":
        return json_reply(shown)
    return json_reply(
        shown
        | {
            "agent_url": identity.agent_url,
            "app_name": "Halo PSA",
            "app_version": VERSION,
            "database_version": "2250",
            "hosted_group": "Sandbox",
        }
    )


def _token(psa: Psa, request: Request) -> Reply:
    """OAuth 2.0 client credentials, as a form; the tenant may stand in the query."""
    given, wanted = dict(parse_qsl(request.body.decode("latin-1"))), psa.credentials
    if given.get("grant_type") != "client_credentials":
        raise oauth("unsupported_grant_type")
    tenant = request.query.get("tenant", wanted.tenant)
    known = given.get("client_id") == wanted.client_id and tenant == wanted.tenant
    if not known or not hmac.compare_digest(given.get("client_secret", ""), wanted.client_secret):
        raise oauth("invalid_client")
    if not given.get("scope") or set(given["scope"].split()) - SCOPES:
        raise oauth("invalid_scope")
    if psa.identity.one_token:
        psa.tokens.clear()
    return json_reply(_issued(psa, given["scope"]))


def _issued(psa: Psa, scope: str) -> dict[str, object]:
    psa.draws += 1
    token = hashlib.sha256(f"{psa.seed.number} {psa.draws} {psa.clock.now()}".encode()).hexdigest()
    seconds = psa.identity.token_seconds
    psa.tokens[token] = psa.clock.now() + seconds
    return {
        "scope": scope,
        "token_type": "Bearer",
        "access_token": token,
        "expires_in": seconds,
        "refresh_token": None,
        "id_token": None,
    }


def _signed_in(psa: Psa, request: Request) -> None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme != "Bearer" or psa.tokens.get(token, 0.0) <= psa.clock.now():
        raise Refusal(ErrorBodies().unauthorized())
