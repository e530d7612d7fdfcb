"""The words that an organization begins with. Pure: no database."""

from __future__ import annotations

BEGINNING: dict[str, tuple[tuple[str, str, str], ...]] = {
    "status": (
        ("new", "New", "info"),
        ("in_progress", "In progress", "running"),
        ("waiting_client", "Waiting for client", "warn"),
        ("waiting_vendor", "Waiting for vendor", "warn"),
        ("scheduled", "Scheduled", "info"),
        ("resolved", "Resolved", "ok"),
        ("closed", "Closed", "neutral"),
    ),
    "priority": (
        ("critical", "Critical", "bad"),
        ("high", "High", "warn"),
        ("medium", "Medium", "info"),
        ("low", "Low", "neutral"),
    ),
    "category": (
        ("incident", "Incident", "neutral"),
        ("service_request", "Service request", "neutral"),
        ("change", "Change", "neutral"),
        ("maintenance", "Maintenance", "neutral"),
        ("security", "Security", "neutral"),
    ),
}
"""{kind: (key, name, tone) in the order of lists}."""
TONES = ("neutral", "info", "running", "ok", "warn", "bad")
"""What a value may look like: the tones of badges."""

MEANINGS: dict[str, dict[str, tuple[str, ...]]] = {
    "status": {
        "waiting_client": (
            "waiting client",
            "waiting customer",
            "waiting user",
            "waiting contact",
            "waiting response",
            "with user",
            "with client",
            "with customer",
            "client",
            "customer",
        ),
        "waiting_vendor": (
            "vendor",
            "supplier",
            "third party",
            "3rd party",
            "parts",
            "materials",
            "manufacturer",
            "rma",
        ),
        "scheduled": ("scheduled", "schedule", "appointment", "planned", "onsite"),
        "resolved": ("resolved", "completed", "complete", "fixed", "done", "solved"),
        "closed": ("closed", "cancelled", "canceled", "merged", "duplicate"),
        "in_progress": (
            "in progress",
            "progress",
            "working",
            "work",
            "assigned",
            "escalated",
            "investigating",
            "active",
            "triage",
        ),
        "new": ("new", "unassigned", "reopened", "re opened", "received", "logged"),
    },
    "priority": {
        "critical": ("critical", "emergency", "urgent", "p1", "priority 1", "sev1", "highest"),
        "high": ("high", "p2", "priority 2", "sev2"),
        "medium": ("medium", "normal", "moderate", "standard", "p3", "priority 3", "sev3"),
        "low": ("low", "minor", "lowest", "p4", "p5", "priority 4", "priority 5", "planned"),
    },
    "category": {
        "incident": ("incident", "break fix", "problem", "failure", "error", "trouble", "issue"),
        "service_request": ("service request", "request", "access", "new user", "onboarding", "offboarding", "moves"),
        "change": ("change", "project", "installation", "upgrade"),
        "maintenance": ("maintenance", "patch", "backup", "monitoring", "alert", "proactive"),
        "security": ("security", "phishing", "malware", "virus"),
    },
}
"""{kind: {key: words that mean it}}. The first key with a word in a name is proposed, so the order matters."""
