"""The engine: what happens next to whom, as set operations in one transaction a run (semantics §2 to §4).

``run.work_through`` is one run. Nothing here reads a clock, talks to a network, or loops over contacts.
"""
