"""TinyDesk, a PSA that does not exist: all that a further system takes, in one folder. ``docs/adding-a-psa.md`` walks through it."""
