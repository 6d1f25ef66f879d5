"""The demonstration: two tenants with invented people, and a mailbox that stands for the whole outside world.

Only in demonstration mode (``make run``); nothing else imports it.
"""
