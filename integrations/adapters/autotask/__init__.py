"""Datto Autotask PSA by its REST API 1.0."""
