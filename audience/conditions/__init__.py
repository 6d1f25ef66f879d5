"""Condition groups: what they may say, reading and checking them, and saying them in English. Pure."""
