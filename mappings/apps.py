"""One vocabulary for the words of several PSAs."""

from django.apps import AppConfig


class MappingsConfig(AppConfig):
    name = "mappings"
    label = "mappings"
