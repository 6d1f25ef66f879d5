"""What activities tell the floors above, inside the tenant's transaction.

``reminder_closing``: reminder. A person is about to close it: who locks more than its row does so before.
``reminder_closed``: reminder (its row, completed or skipped), at (aware). A person closed it, not a run or an exit.
``reminders_skipped``: reminders (their rows), at. A person skipped them all at once.
"""

from __future__ import annotations

from django.dispatch import Signal

reminder_closing = Signal()
reminder_closed = Signal()
reminders_skipped = Signal()
