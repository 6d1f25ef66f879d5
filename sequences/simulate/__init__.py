"""Living through a scenario file: the real engine on the real database, on a virtual clock (semantics §6)."""
