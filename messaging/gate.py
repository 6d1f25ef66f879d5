"""The gate: the point of no return (reliability §3.2, C5)."""

from __future__ import annotations

from messaging.guards import register_guard, register_look

__all__ = ["register_guard", "register_look"]
