"""What activities tell the floors above, inside the tenant's transaction.

``reminder_closing``: reminder. A person is about to close it: who locks more than its row does so before.
``reminders_closed``: ids, state (completed or skipped), at (aware). A person closed them, one or many, not a run or an
exit.
"""

from __future__ import annotations

from django.dispatch import Signal

reminder_closing = Signal()
reminders_closed = Signal()
