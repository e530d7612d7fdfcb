"""The fault harness: real workers, servers and a PSA, hurt on purpose, and what must hold all the while. See docs/reliability.md."""
