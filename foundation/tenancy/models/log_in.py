"""What logging in leaves behind before anybody is known: of no organization, so without a tenant."""

from __future__ import annotations

from django.db import models


class LogInFailure(models.Model):
    """A wrong password. ``account``: a digest of the address that was typed, whether or not somebody has it; ``place``: the network
    address or the known browser that it came from."""

    account = models.CharField(max_length=64)
    place = models.CharField(max_length=80)
    at = models.DateTimeField()

    objects = models.Manager()

    class Meta:
        indexes = [
            models.Index(fields=["account", "at"], name="log_in_failure_by_account"),
            models.Index(fields=["place", "at"], name="log_in_failure_by_place"),
        ]


class PasswordResetRequest(models.Model):
    """Somebody asked for a link to set a new password. Kept for every address that was typed, whether or not somebody has it, until a
    worker has looked: the page that asks then takes the same time for all."""

    email = models.EmailField(max_length=254)
    asked_at = models.DateTimeField()
    not_before = models.DateTimeField(db_index=True)

    objects = models.Manager()
