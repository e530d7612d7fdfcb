"""Addresses of this area."""

from django.urls import path
from django.views.generic import RedirectView

from portal.web.sync import (
    absence,
    audits,
    decisions,
    diff,
    downloads,
    history,
    issues,
    notices,
    options,
    previews,
    runs,
)

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="web:sync_history")),
    path("history/", history.sync_history, name="sync_history"),
    path("history.csv", downloads.history_csv, name="sync_history_csv"),
    path("issues/", issues.issues, name="issues"),
    path("issues/<int:pk>/", issues.issue, name="issue"),
    path("issues/<int:pk>/retry/", issues.retry, name="issue_retry"),
    path("issues/<int:pk>/dismiss/", issues.dismiss, name="issue_dismiss"),
    path("issues/<int:pk>/reopen/", issues.reopen, name="issue_reopen"),
    path("missing/", absence.missing, name="missing_ticket"),
    path("missing/fetch/", absence.fetch, name="missing_ticket_fetch"),
    path("notices/", notices.run_notices, name="run_notices"),
    path("runs/<int:pk>/", runs.run, name="run"),
    path("runs/<int:pk>/progress/", runs.run_progress, name="run_progress"),
    path("runs/<int:pk>/items/", runs.run_items, name="run_items"),
    path("runs/<int:pk>/log/", runs.run_log, name="run_log"),
    path("runs/<int:pk>/changes/", diff.run_diff_page, name="run_diff"),
    path("runs/<int:pk>/changes.csv", diff.run_diff_csv, name="run_diff_csv"),
    path("runs/<int:pk>/victims/", decisions.run_victims, name="run_victims"),
    path("runs/<int:pk>/undo/", decisions.undo, name="run_undo"),
    path("runs/<int:pk>/apply/", previews.run_apply, name="run_apply"),
    path("runs/<int:pk>/cancel/", runs.cancel, name="run_cancel"),
    path("runs/<int:pk>/decide/", runs.decide, name="run_decide"),
    path("connections/<int:pk>/", options.connection_sync, name="connection_sync"),
    path("connections/<int:pk>/start/<slug:kind>/", options.run_start, name="run_start"),
    path("connections/<int:pk>/preview/<slug:kind>/", previews.preview_start, name="preview_start"),
    path("connections/<int:pk>/audit/", audits.audit_start, name="audit_start"),
    path("audits/<int:pk>/", audits.drift_audit, name="drift_audit"),
    path("connections/<int:pk>/clear/", options.clear_resync, name="clear_resync"),
    path("connections/<int:pk>/tickets.csv", downloads.tickets_csv, name="connection_tickets_csv"),
]
