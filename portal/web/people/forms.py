"""Forms about people. They check shapes; the services decide."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms

from foundation.core.errors import Refused
from foundation.tenancy.models import Role
from foundation.tenancy.permissions import PERMISSIONS
from portal.web.versions import VersionedForm


class RoleChoiceForm(VersionedForm):
    """``roles``: those that may be chosen."""

    role = forms.TypedChoiceField(coerce=int)

    def __init__(self, *args: Any, roles: Iterable[Role], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.roles = {role.pk: role for role in roles}
        choice = self.fields["role"]
        if isinstance(choice, forms.ChoiceField):
            choice.choices = [(role.pk, role.name) for role in self.roles.values()]

    @property
    def chosen(self) -> Role:
        """The role, once the form is valid."""
        return self.roles[self.cleaned_data["role"]]


class InviteForm(RoleChoiceForm):
    """An address and a role."""

    field_order = ("email", "role")
    email = forms.EmailField(
        label="Email address",
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "off", "autofocus": True}),
        help_text="They get a link that is good for seven days.",
    )


class RoleForm(VersionedForm):
    """``grantable``: the permissions that the person who composes has."""

    name = forms.CharField(max_length=60)
    permissions = forms.MultipleChoiceField(
        widget=forms.CheckboxSelectMultiple, required=False, help_text="You can give what your own role has."
    )

    def __init__(self, *args: Any, grantable: frozenset[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice = self.fields["permissions"]
        if isinstance(choice, forms.MultipleChoiceField):
            choice.choices = [(name, words) for name, words in PERMISSIONS.items() if name in grantable]


class NewPersonForm(forms.Form):
    """Name and password of somebody who accepts an invitation."""

    name = forms.CharField(max_length=120, label="Your name", widget=forms.TextInput(attrs={"autocomplete": "name"}))
    password = forms.CharField(
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        strip=False,
        help_text="At least 12 characters. A few words that only you would put together are good.",
    )


def add_refusal(form: forms.Form, refused: Refused) -> None:
    """Puts the sentence beside the field that it is about, or above all."""
    form.add_error(refused.field if refused.field in form.fields else None, refused.message)
