"""A hostile PSA: kinds of odd answers and values, the ways a portal meets them, and what must hold for each. See docs/reliability.md."""
