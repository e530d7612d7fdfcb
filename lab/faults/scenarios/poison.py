"""One record that always fails, and one page that always fails."""

from __future__ import annotations

from foundation.tenancy.scope import tenant_transaction
from lab.faults.scenario_context import ScenarioContext
from lab.faults.verdict import Verdict
from sync.models import Run, RunIssue
from tickets.models import Ticket


def poison(ground: ScenarioContext, verdict: Verdict) -> None:
    """F11: the record becomes an issue and the rest goes on; the page fails the run, with a redacted sample kept."""
    record(ground, verdict)
    page(ground, verdict)


def record(ground: ScenarioContext, verdict: Verdict) -> None:
    """Tickets with values that no documentation allows, among others that are well."""
    wire = ground.psa.wire
    spoiled = ground.psa.control("change", n=len(wire.poisons))["ids"]
    others = ground.psa.say("beside the poison", n=6)
    for ticket, values in zip(spoiled, wire.poisons, strict=True):
        ground.psa.control("change", ids=[ticket], set=values)
    run = ground.sync("full")
    with tenant_transaction(ground.organization.pk):
        issues = set(RunIssue.objects.filter(run=run, stream="tickets").values_list("remote_id", flat=True))
        here = Ticket.objects.filter(connection=ground.connection)
        kept = here.filter(remote_id__in=[str(each) for each in spoiled]).count()
        well = {str(each) for each in others} - {str(each) for each in spoiled}
        went_on = here.filter(remote_id__in=well, summary="beside the poison").count()
    verdict.require(run.result == "warning", f"a run with poisoned tickets ended as {run.result}: {run.message}")
    verdict.require(
        bool(issues) and issues <= {str(each) for each in spoiled}, f"the issues are about {sorted(issues)}"
    )
    verdict.require(kept == len(spoiled), f"{len(spoiled) - kept} poisoned tickets were removed")
    verdict.require(went_on == len(well), f"{len(well) - went_on} changes beside the poison are missing")
    ground.psa.control("change", ids=spoiled, set=wire.antidote)
    healed = ground.sync("full")
    verdict.require(healed.result == "success", f"the run after the poison ended as {healed.result}: {healed.message}")
    verdict.figures |= {"poisoned": len(spoiled), "issues": len(issues)}


def page(ground: ScenarioContext, verdict: Verdict) -> None:
    """A page that is broken however often it is read. Somebody wrote the key into a ticket of it."""
    before = ground.tickets()
    secrets = [ground.psa.ready[name] for name in ground.psa.wire.secrets]
    told = " and ".join(f"api_key={secret}" for secret in secrets)
    ground.psa.say(f"My log-in is {told}", ids=[min(ground.psa.ids())])
    ground.psa.fault({"kind": "truncated", "match": ground.psa.wire.pages})
    run = ground.sync("full")
    ground.psa.calm()
    with tenant_transaction(ground.organization.pk):
        samples = list(RunIssue.objects.filter(run=run).exclude(sample="").values_list("sample", flat=True))
    verdict.require(run.state == Run.State.FAILED, f"a run with a broken page ended as {run.state}")
    verdict.require(bool(samples), "no sample of the broken page was kept")
    verdict.require(not any(secret in sample for sample in samples for secret in secrets), "a sample shows a key")
    verdict.require(ground.tickets() == before, "tickets went with the broken page")
    verdict.figures["pages"] = 1
