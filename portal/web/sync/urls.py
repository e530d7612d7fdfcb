"""Addresses of this area."""

from django.urls import path
from django.views.generic import RedirectView

from portal.web.sync import (
    audits,
    decisions,
    diff,
    downloads,
    history,
    issues,
    missing_ticket,
    notices,
    options,
    previews,
    runs,
    withheld,
)

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="web:sync_history")),
    path("history/", history.sync_history, name="sync_history"),
    path("history.csv", downloads.history_csv, name="sync_history_csv"),
    path("issues/", issues.issues, name="issues"),
    path("issues/<id:pk>/", issues.issue, name="issue"),
    path("issues/<id:pk>/retry/", issues.retry, name="issue_retry"),
    path("issues/<id:pk>/dismiss/", issues.dismiss, name="issue_dismiss"),
    path("issues/<id:pk>/reopen/", issues.reopen, name="issue_reopen"),
    path("missing/", missing_ticket.missing, name="missing_ticket"),
    path("missing/fetch/", missing_ticket.fetch, name="missing_ticket_fetch"),
    path("notices/", notices.run_notices, name="run_notices"),
    path("runs/<id:pk>/", runs.run, name="run"),
    path("runs/<id:pk>/progress/", runs.run_progress, name="run_progress"),
    path("runs/<id:pk>/items/", runs.run_items, name="run_items"),
    path("runs/<id:pk>/log/", runs.run_log, name="run_log"),
    path("runs/<id:pk>/changes/", diff.run_diff_page, name="run_diff"),
    path("runs/<id:pk>/changes.csv", diff.run_diff_csv, name="run_diff_csv"),
    path("runs/<id:pk>/victims/", decisions.run_victims, name="run_victims"),
    path("runs/<id:pk>/undo/", decisions.undo, name="run_undo"),
    path("runs/<id:pk>/apply/", previews.run_apply, name="run_apply"),
    path("runs/<id:pk>/cancel/", runs.cancel, name="run_cancel"),
    path("runs/<id:pk>/decide/", runs.decide, name="run_decide"),
    path("runs/<id:pk>/withheld/", withheld.decide_withheld, name="run_withheld"),
    path("connections/<id:pk>/", options.connection_sync, name="connection_sync"),
    path("connections/<id:pk>/start/<slug:kind>/", options.run_start, name="run_start"),
    path("connections/<id:pk>/preview/<slug:kind>/", previews.preview_start, name="preview_start"),
    path("connections/<id:pk>/audit/", audits.audit_start, name="audit_start"),
    path("audits/<id:pk>/", audits.drift_audit, name="drift_audit"),
    path("connections/<id:pk>/clear/", options.clear_resync, name="clear_resync"),
    path("connections/<id:pk>/tickets.csv", downloads.tickets_csv, name="connection_tickets_csv"),
]
