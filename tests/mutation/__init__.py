"""Deliberate faults in the engine, each of which the tests must catch: what proves that they would catch a real one.

``faults.py`` lists them; ``python -m tests.mutation`` tries all of them, or those named, and says what caught each.
"""
