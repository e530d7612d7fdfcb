"""Custom fields in words."""

from __future__ import annotations

from portal.web.custom_fields import CustomField, custom_fields_shown


def test_fields_with_a_value_are_shown_by_caption_in_words() -> None:
    stored = {
        "3": {"caption": "Onboarded", "type": "Date", "value": "2025-03-19T00:00:00Z"},
        "1": {"caption": "VIP", "type": "Checkbox", "value": False},
        "2": {"caption": "Go-live", "type": "Text", "value": None},
        "4": {"caption": "Runbook", "type": "Hyperlink", "value": "https://docs.example/runbook"},
        "6": {"caption": "Systems", "type": "list", "value": ["Mail", "Files"]},
        "5": {"caption": "Script", "type": "Hyperlink", "value": "javascript:alert(1)"},
    }
    assert custom_fields_shown(stored) == [
        CustomField("Onboarded", "2025-03-19"),
        CustomField("Runbook", "https://docs.example/runbook", "https://docs.example/runbook"),
        CustomField("Script", "javascript:alert(1)"),
        CustomField("Systems", "Mail, Files"),
        CustomField("VIP", "No"),
    ]
