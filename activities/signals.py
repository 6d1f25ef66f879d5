"""What activities tell the floors above, inside the tenant's transaction.

``reminder_closed``: reminder (its row, completed or skipped), at (aware). A person closed it, not a run or an exit.
"""

from __future__ import annotations

from django.dispatch import Signal

reminder_closed = Signal()
