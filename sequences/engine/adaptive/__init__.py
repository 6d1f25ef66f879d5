"""Adaptive sequences: a tree of steps, worked inside working hours (semantics 5).

``instant.work_at`` is one instant of one sequence; ``passes`` repeats until nothing moves. One module for each kind of
step that only trees have: ``waits``, ``conditions``, ``updates``, ``advances``. E-mails, SMS and reminders are decided
and made as in every run.
"""
