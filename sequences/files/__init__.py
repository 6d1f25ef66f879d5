"""Sequences and scenarios as YAML files: reading, checking, writing (semantics 6). Pure."""
