"""What the floors above hear of members. Sent inside the tenant's transaction."""

from django.dispatch import Signal

member_deactivated = Signal()
"""``member``, ``by`` (a member or None), ``at``: they are no longer active (semantics 2.29)."""

member_reactivated = Signal()
"""``member``, ``by``, ``at``: they are active again; what was paused stays so until somebody resumes it."""
