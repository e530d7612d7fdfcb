"""Configure a system step by step. Each step is saved when it is left, so that setting up can be left and taken up again anywhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from foundation.core.errors import Refused
from foundation.tenancy.scope import tenant_transaction
from integrations.capabilities import capabilities_of
from integrations.catalog import Catalog, catalog_of
from integrations.errors import IntegrationError
from integrations.models import Connection
from integrations.port import CredentialsInvalid, Provider
from integrations.services import connections
from integrations.services.probing import connection_catalog_read
from integrations.settings_schema import readable_settings, settings_problems
from portal.web.access import requires
from portal.web.integrations import steps
from portal.web.integrations.checks import shown_test, stored_test
from portal.web.integrations.credentials import credentials_form
from portal.web.integrations.forms import CredentialsForm, ScheduleForm
from portal.web.integrations.lookups import found_connection, found_provider
from portal.web.integrations.presenters import rights_needed, settings_lines
from portal.web.integrations.schedule import saved as schedule_saved
from portal.web.integrations.schedule import schedule_context
from portal.web.integrations.scope_forms import BoardsForm, RangeForm, ScopeForm
from portal.web.middleware import waits_on_network
from portal.web.request import PortalRequest
from sync.models import Run
from sync.selectors.instance import change_of
from sync.services.instance import change_read
from sync.services.runs import RunRefused, run_request
from sync.services.schedules import schedule_held, schedule_of

Answer = HttpResponse


@sensitive_post_parameters()
@waits_on_network
@require_http_methods(["GET", "POST"])
@requires("manage_integrations")
def connection_new(request: PortalRequest, provider: str) -> Answer:
    """The first step of a connection that does not exist yet. Well-formed credentials make it and are tested at once."""
    system = found_provider(provider)
    form = CredentialsForm(request.POST or None, provider=system, initial={"name": system.name}, named=True)
    if request.method == "POST" and form.is_valid():
        made = created(request, system, form)
        if made is not None:
            try_out(made)
            return redirect("web:connection_configure", pk=made.pk, step="test")
    context = {
        "provider": system,
        "form": form,
        "rights": rights_needed(system),
        "capabilities": capabilities_of(system),
        "step": "credentials",
        "rail": steps.rail("credentials", "credentials"),
    }
    return render(
        request, "integrations/setup_credentials.html", context, status=422 if request.method == "POST" else 200
    )


def created(request: PortalRequest, system: Provider, form: CredentialsForm) -> Connection | None:
    """The new connection; None when a rule refuses it, which the form then says."""
    try:
        return connections.connection_create(
            organization_id=request.organization.organization_id,
            provider=system.key,
            name=form.cleaned_data["name"],
            credentials=form.credentials(),
            actor=request.user,
            setup_step="test",
        )
    except CredentialsInvalid as err:
        for name, sentence in err.errors.items():
            form.add_error(name if name in form.fields else None, sentence)
    except Refused as err:
        form.add_error(err.field or None, err.message)
    return None


def try_out(connection: Connection) -> None:
    """Tests the connection, and where it works asks what there is to choose from."""
    report = connections.connection_test(connection=connection)
    if shown_test(report).usable:
        try:
            connection_catalog_read(connection=connection)
        except IntegrationError:
            # The boards step offers to ask again and shows the error then; the test itself is what was asked for here.
            return


@sensitive_post_parameters()
@waits_on_network
@require_http_methods(["GET", "POST"])
@requires("manage_integrations")
def connection_configure(request: PortalRequest, pk: int, step: str) -> Answer:
    """One step. Steps that are ahead lead to the one that was reached; a finished connection leads to its own page."""
    found = found_connection(pk)
    if step not in steps.STEPS:
        raise Http404("There is no such step.")
    if not found.setup_step:
        return redirect("web:connection", pk=pk)
    reached = found.setup_step if found.setup_step in steps.STEPS else "test"
    if not steps.may_open(step, reached):
        return redirect("web:connection_configure", pk=pk, step=reached)
    return VIEWS[step](request, found)


def context_of(found: Connection, step: str) -> dict[str, Any]:
    """What each step shows around its form."""
    return {
        "connection": found,
        "provider": found_provider(found.provider),
        "step": step,
        "rail": steps.rail(step, found.setup_step),
        "back": steps.preceding(step),
        "settings_problems": settings_problems(found),
    }


def go_on(found: Connection, step: str) -> Answer:
    """To the next step, remembering how far setting up came."""
    coming = steps.following(step)
    connections.connection_setup_move(connection=found, step=steps.farther(coming, found.setup_step))
    return redirect("web:connection_configure", pk=found.pk, step=coming)


def credentials_step(request: PortalRequest, found: Connection) -> Answer:
    """Other credentials for a connection that is not finished; they are tested at once."""
    form = credentials_form(found, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid() and replaced(request, found, form):
        try_out(found_connection(found.pk))
        return go_on(found, "credentials")
    system = found_provider(found.provider)
    own = {"form": form, "rights": rights_needed(system), "capabilities": capabilities_of(system)}
    context = context_of(found, "credentials") | own
    return render(
        request, "integrations/setup_credentials.html", context, status=422 if request.method == "POST" else 200
    )


def replaced(request: PortalRequest, found: Connection, form: CredentialsForm) -> bool:
    """Whether the typed credentials could be stored; the form says why not."""
    try:
        wanted = connections.credentials_merged(found, form.credentials())
        connections.connection_credentials_set(connection=found, credentials=wanted, actor=request.user)
    except CredentialsInvalid as err:
        for name, sentence in err.errors.items():
            form.add_error(name if name in form.fields else None, sentence)
        return False
    return True


def test_step(request: PortalRequest, found: Connection) -> Answer:
    """What the test found; again, or on."""
    test = stored_test(found.last_test)
    if request.method == "POST":
        if "again" in request.POST or test is None:
            try_out(found)
            return redirect("web:connection_configure", pk=found.pk, step="test")
        if test.usable:
            return go_on(found, "test")
        messages.error(request, "The connection does not work yet. Mend what failed, then test again.")
    return render(request, "integrations/setup_test.html", context_of(found, "test") | {"test": test})


def scope_step(step: str, kind: type[ScopeForm], template: str) -> Callable[[PortalRequest, Connection], Answer]:
    """A step whose form changes settings."""

    def view(request: PortalRequest, found: Connection) -> Answer:
        catalog = catalog_of(found.catalog)
        if catalog is None:
            return render(request, "integrations/setup_choices.html", context_of(found, step))
        with tenant_transaction():
            held = connections.connection_held(found) if request.method == "POST" else found
            form = scope_form(kind, request, held, catalog)
            if request.method == "POST" and form.is_valid():
                wanted, chosen = form.chosen(), form.changes()
                connections.connection_configure(connection=held, settings=wanted, actor=request.user, chosen=chosen)
                return go_on(held, step)
        context = context_of(found, step) | {"form": form, "catalog": catalog}
        return render(request, template, context, status=422 if request.method == "POST" else 200)

    return view


def scope_form(kind: type[ScopeForm], request: PortalRequest, found: Connection, catalog: Catalog) -> ScopeForm:
    """A form on the connection's settings."""
    data = request.POST if request.method == "POST" else None
    return kind(data, settings=readable_settings(found), catalog=catalog, provider=found_provider(found.provider))


def schedule_step(request: PortalRequest, found: Connection) -> Answer:
    """When it syncs by itself."""
    with tenant_transaction():
        schedule = schedule_held(found) if request.method == "POST" else schedule_of(found)
        form = ScheduleForm(request.POST or None, schedule=schedule, zone=request.organization.time_zone)
        if request.method == "POST" and schedule_saved(form, schedule, request):
            return go_on(found, "schedule")
    context = context_of(found, "schedule") | schedule_context(request, found, schedule) | {"form": form}
    return render(request, "integrations/setup_schedule.html", context, status=422 if request.method == "POST" else 200)


def first_step(request: PortalRequest, found: Connection) -> Answer:
    """All that was chosen in one place, then the first sync, or an end without one."""
    if request.method == "POST":
        return finish(request, found, start="later" not in request.POST)
    with tenant_transaction():
        schedule = schedule_of(found)
    context = context_of(found, "first") | schedule_context(request, found, schedule)
    context |= {"settings_lines": settings_lines(found), "test": stored_test(found.last_test)}
    return render(request, "integrations/setup_first.html", context)


def finish(request: PortalRequest, found: Connection, *, start: bool) -> Answer:
    """Ends setting up, and starts the first sync in the same transaction where it is wanted."""
    try:
        with tenant_transaction():
            connections.connection_setup_move(connection=found, step="")
            change = change_of(found)
            if change is not None:
                change_read(change=change, actor=request.user)
                return redirect("web:connection_change", pk=found.pk)
            if not start:
                return redirect("web:connection", pk=found.pk)
            asked = run_request(
                connection=found, kind=Run.Kind.FULL, trigger=Run.Trigger.PERSON, actor=request.user, urgent=True
            )
    except RunRefused as err:
        messages.error(request, str(err))
        return redirect("web:connection_configure", pk=found.pk, step="first")
    messages.success(request, asked.message)
    return redirect("web:run", pk=asked.run.pk)


VIEWS: dict[str, Callable[[PortalRequest, Connection], Answer]] = {
    "credentials": credentials_step,
    "test": test_step,
    "boards": scope_step("boards", BoardsForm, "integrations/setup_boards.html"),
    "scope": scope_step("scope", RangeForm, "integrations/setup_scope.html"),
    "schedule": schedule_step,
    "first": first_step,
}
