"""Figures about the engine, each beside its floor measured in the same run. Printed by ``manage.py benchmark``, never asserted."""
