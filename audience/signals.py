"""Facts that go up from here. A receiver of an upper floor is a few lines; an exception there undoes the fact."""

from django.dispatch import Signal

suppressed = Signal()
"""A person is putting addresses or numbers on the list: ``channel``, ``addresses`` (new ones), ``reason``, ``at``.

Sent before they stand there, in the same transaction: whoever keeps mail from leaving shuts its gates first."""

records_going = Signal()
"""Records are about to be deleted: ``record``, ``ids``, ``by``, ``at``. What hangs on them goes with them."""

tag_renamed = Signal()
"""A tag is called otherwise on all records: ``before`` as it compares, ``after`` as it is spelled now."""
