"""Addresses of this area."""

from django.urls import path

from portal.web.dashboard.views import dashboard

urlpatterns = [path("", dashboard, name="dashboard")]
