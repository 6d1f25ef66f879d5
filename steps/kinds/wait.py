"""Nothing happens for a while (semantics 5.6)."""

from steps.kinds.shape import Kind

KIND = Kind(name="wait", label="Wait", steers=True, settings=("for",), required=("for",))
