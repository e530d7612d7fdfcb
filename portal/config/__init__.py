"""Composition root. ``celery -A portal.config`` finds the application here."""

from portal.config.celery import app as celery_app

__all__ = ["celery_app"]
