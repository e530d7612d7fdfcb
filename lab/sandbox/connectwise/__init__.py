"""A ConnectWise PSA made from a seed: REST 3.0 on one side, a control interface on the other.

Plain Python. It shares no code with the adapter, so that the two cannot agree on a mistake. See ``docs/sandbox.md``.
"""
