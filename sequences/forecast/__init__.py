"""What would this do? The days to come, lived through by the engine on a copy of the people concerned.

The copy stands in a scratch tenant, in a transaction that is rolled back: the real rows are read once and never locked.
"""
