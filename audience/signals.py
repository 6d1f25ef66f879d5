"""Facts that go up from here. A receiver of an upper floor is a few lines; an exception there undoes the fact."""

from django.dispatch import Signal

suppressed = Signal()
"""A person put an address or number on the list: ``channel``, ``address``, ``reason``, ``at``."""

records_going = Signal()
"""Records are about to be deleted: ``record``, ``ids``, ``by``, ``at``. What hangs on them goes with them."""
