"""Which mails a person gets from the organization."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from foundation.tenancy.models import Organization
from portal.web.request import PortalRequest
from portal.web.versions import VersionedForm
from sync.services.mails import MORNING, mail_choice_of, mail_choose


class MailForm(VersionedForm):
    """The two kinds of mails."""

    failures = forms.BooleanField(
        required=False,
        label="When a sync fails, waits for a decision, or works again",
        help_text="One mail for each cause, again only when the cause changes, and an all-clear.",
    )
    digest = forms.BooleanField(
        required=False,
        label="A digest every morning",
        help_text=f"At {MORNING:%H:%M} in the organization's time zone: the last day's syncs, open issues, what waits for a decision.",
    )


@require_http_methods(["GET", "POST"])
@login_required
def notifications(request: PortalRequest) -> HttpResponse:
    """The person's own choice; nobody else's."""
    if request.organization is None:
        return redirect("web:no_organization")
    choice = mail_choice_of(request.user)
    form = MailForm(request.POST or None, initial={"failures": choice.failures, "digest": choice.digest})
    if not request.access.can("manage_integrations"):
        del form.fields["failures"]
    if not request.access.can("view_integration_logs"):
        del form.fields["digest"]
    if request.method == "POST" and form.is_valid():
        mail_choose(
            user=request.user,
            organization=Organization.objects.get(pk=request.organization.organization_id),
            failures=form.cleaned_data.get("failures", choice.failures),
            digest=form.cleaned_data.get("digest", choice.digest),
        )
        messages.success(request, "Your choice is saved.")
        return redirect("web:notifications")
    return render(request, "people/notifications.html", {"form": form, "choice": choice})
