"""What messaging tells the floors above, inside the tenant's transaction.

An upper floor's ``receivers.py`` listens; an exception there undoes the fact itself. Instants are aware; ids are those
of the tenant in use.

=================  =====================================================  ===========================================
signal             arguments                                              when
=================  =====================================================  ===========================================
``messages_sent``  ids, at                                                handed over and accepted, or sent by hand
``message_ended``  ids, state, reason, at                                 failed, cancelled, expired, unknown
``opened``         contact_id, message_id or None, at                     by a human
``clicked``        contact_id, message_id or None, at                     by a human; it counts as opened, too: no
                                                                          ``opened`` is sent besides (semantics 2.25)
seen_by_machine    message_id, at, is_click                               a scanner or proxy opened it or followed a
                                                                          link
click_taken_back   message_id                                             what was told as clicked was a machine's
``replied``        contact_id, message_id or None, at                     by a human; counts as opened, too
``auto_replied``   contact_id, message_id or None, at, until or None      ``until``: the local date it names (2.24)
``bounced``        contact_id or None, message_id or None,                hard or soft: a soft one stops nothing (2.22)
                   address_norm, hard, at
``unsubscribed``   contact_id or None, message_id or None,                the address is suppressed already
                   address_norm, at
addresses_unsub-   addresses, at                                          somebody of the workspace stops all mail
scribed                                                                   to them; no contact or message is meant
``sms_stopped``    number, at                                             the number is suppressed already
sending_resumed    member_id or None, at                                a stop of all sending (of a member) ended;
                                                                          what waited was let go
=================  =====================================================  ===========================================

``ids`` are lists; all rows of one call have the same ``at``, ``state`` and ``reason``.
"""

from __future__ import annotations

from django.dispatch import Signal

messages_sent = Signal()
message_ended = Signal()
opened = Signal()
clicked = Signal()
replied = Signal()
auto_replied = Signal()
bounced = Signal()
unsubscribed = Signal()
addresses_unsubscribed = Signal()
sms_stopped = Signal()
sending_resumed = Signal()
seen_by_machine = Signal()
click_taken_back = Signal()
