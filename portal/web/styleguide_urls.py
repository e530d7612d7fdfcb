"""The style guide's address."""

from django.urls import path

from portal.web.styleguide import styleguide

urlpatterns = [path("", styleguide, name="styleguide")]
