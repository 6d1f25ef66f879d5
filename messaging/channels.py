"""Which channels messages leave by. Those of others are made, wait and run out of time (semantics 2.36)."""

LEAVES_BY = frozenset({"email"})
