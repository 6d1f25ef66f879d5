"""To which addresses nothing goes, and why: the one place of that rule, for the gate and for who looks before it.

Unsubscribed, then bounced (semantics 2.26); then ``trial``, while a workspace tries things and the address is not on
its list (semantics 2.33).
"""

from __future__ import annotations

from django.db.models import Q

from messaging.line import Statement

OFF_THE_LIST = Q(state="cancelled", reason="trial")
"""Messages that were taken back because their address is not on the trial list."""


def why_barred(address: str) -> str:
    """An SQL expression: why nothing goes to the normalised address that ``address`` names; NULL where nothing bars it.

    The parameter ``tenant_id`` has to be given.
    """
    return f"""COALESCE(
        (SELECT max(reason) FROM audience_suppression WHERE channel = 'email' AND address_norm = {address}),
        (SELECT 'trial' FROM tenants_tenant WHERE id = %(tenant_id)s AND is_trial AND NOT EXISTS (
            SELECT FROM messaging_trialaddress
            WHERE address_norm IN ({address}, '@' || substring({address} FROM '[^@]*$')))))"""


def among(tenant_id: int, ids: list[int]) -> Statement:
    """Those of these messages whose address is barred, each with why."""
    sql = f"""
        SELECT id, reason FROM (
            SELECT m.id, {why_barred("m.address_norm")} AS reason FROM messaging_message AS m WHERE m.id = ANY(%(ids)s)
        ) AS asked WHERE reason IS NOT NULL
    """
    return Statement(sql, {"tenant_id": tenant_id, "ids": ids})
