"""Hands the contact over to another sequence (semantics 5.10)."""

from steps.kinds.shape import Kind

KIND = Kind(name="advance", label="Advance", settings=("sequence",), required=("sequence",))
