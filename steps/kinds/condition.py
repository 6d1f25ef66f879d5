"""A question whose answer chooses between two arms (semantics 5.7, 5.8)."""

from steps.kinds.shape import Kind

KIND = Kind(
    name="condition",
    label="Condition",
    steers=True,
    settings=("of", "event", "within", "at_limit", "outcomes"),
)
