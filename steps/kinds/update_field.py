"""Writes a field of the contact, account or opportunity (semantics 5.9)."""

from steps.kinds.shape import Kind

KIND = Kind(name="update_field", label="Update field", settings=("field", "value"), required=("field",))
