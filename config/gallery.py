"""The gallery: every component on one page, with invented data. Only in demonstration and test mode."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse

from tenants.fragments import page
from tenants.models import Member, Membership, Role, Tenant, User
from tenants.roles import READY

NOW = datetime(2026, 3, 12, 8, 30, tzinfo=UTC)

SEQUENCES: list[dict[str, Any]] = [
    {
        "id": 1,
        "name": "Inbound demo follow-up",
        "status": "active",
        "tags": ["Inbound"],
        "owner": "Maya Chen",
        "steps": ["email", "call", "sms", "email", "call", "email"],
        "days": 9,
        "inside": 96,
        "paused": 0,
        "sent": 842,
        "opened": 614,
        "replied": 182,
        "bounced": 8,
        "trend": [4, 6, 5, 8, 9, 7, 12, 11, 14, 13, 17, 18],
        "problem": "",
    },
    {
        "id": 2,
        "name": "VP Sales — Q1 outbound",
        "status": "active",
        "tags": ["Outbound", "Tier 1"],
        "owner": "Jo Weber",
        "steps": ["email", "linkedin", "call", "email", "sms", "email_reminder", "email"],
        "days": 16,
        "inside": 412,
        "paused": 9,
        "sent": 3184,
        "opened": 1955,
        "replied": 293,
        "bounced": 41,
        "trend": [6, 8, 7, 9, 10, 11, 10, 13, 12, 14, 16, 17],
        "problem": "",
    },
    {
        "id": 3,
        "name": "Closed-lost win-back",
        "status": "paused",
        "tags": ["Lifecycle"],
        "owner": "Priya Nair",
        "steps": ["email", "email", "linkedin", "task", "email"],
        "days": 28,
        "inside": 143,
        "paused": 143,
        "sent": 611,
        "opened": 236,
        "replied": 18,
        "bounced": 22,
        "trend": [12, 10, 9, 9, 8, 7, 7, 5, 5, 4, 3, 3],
        "problem": "Bounce 3.6%",
    },
    {
        "id": 4,
        "name": "Partner referrals — warm intro",
        "status": "draft",
        "tags": [],
        "owner": "Tom Ruiz",
        "steps": ["email", "email_reminder", "call"],
        "days": 6,
        "inside": 0,
        "paused": 0,
        "sent": 0,
        "opened": 0,
        "replied": 0,
        "bounced": 0,
        "trend": [],
        "problem": "",
    },
]
FIELDS = [
    ("Contact", [("first_name", "First name"), ("lifecycle_stage", "Lifecycle stage"), ("score", "Score")]),
    ("Company", [("account.industry", "Industry"), ("account.employees", "Employees")]),
    ("Activity", [("last_sent_at", "Last sent"), ("last_replied_at", "Last replied")]),
]
CONDITIONS: dict[str, Any] = {
    "match": "all",
    "rows": [
        {
            "field": "lifecycle_stage",
            "op": "is",
            "value": "lead",
            "value2": "",
            "ops": [("is", "is"), ("is_not", "is not")],
            "input": "choice",
            "choices": [("lead", "Lead"), ("customer", "Customer")],
        },
        {
            "field": "score",
            "op": "between",
            "value": 40,
            "value2": 90,
            "ops": [("between", "is between"), (">", "is more than")],
            "input": "between",
            "choices": [],
        },
        {
            "field": "last_sent_at",
            "op": "not_in_last_days",
            "value": "soon",
            "value2": "",
            "ops": [("not_in_last_days", "not in the last")],
            "input": "number",
            "choices": [],
            "unit": "days",
            "error": "A number of days is needed, not “soon”.",
        },
    ],
}
PLACEHOLDERS = [
    (
        "Contact",
        [
            ("contact.first_name", "First name"),
            ("contact.job_title", "Job title"),
            ("contact.city", "City"),
        ],
    ),
    ("Company", [("account.name", "Company"), ("account.industry", "Industry")]),
    ("Sender", [("sender.name", "Your name")]),
]


COLUMNS = [
    {
        "index": 0,
        "name": "Email",
        "samples": ["ann@x.example", "bo@y.example"],
        "target": "email",
        "auto": True,
    },
    {"index": 1, "name": "First Name", "samples": ["Ann", "Bo"], "target": "first_name", "auto": True},
    {"index": 2, "name": "Import note", "samples": ["met at fair", ""], "target": "", "auto": False},
]


@login_not_required
def gallery(request: HttpRequest) -> HttpResponse:
    """All components; ``?panel=step`` shows the drawer. Reads no database: its member and workspace are invented."""
    user = User(email="maya@northwind.example", name="Maya Chen")
    role = Role(name="Sales Manager", permissions=READY["admin"][1])
    request.member = Member(user=user, role=role, is_active=True)  # type: ignore[attr-defined]
    request.membership = Membership(tenant=Tenant(name="Northwind"), user=user)  # type: ignore[attr-defined]
    context = {
        "sequences": SEQUENCES,
        "fields": FIELDS,
        "conditions": CONDITIONS,
        "placeholders": PLACEHOLDERS,
        "now": NOW,
        "minutes": lambda n: NOW - timedelta(minutes=n),
        "panel": request.GET.get("panel", ""),
        "columns_of_file": COLUMNS,
    }
    return page(request, "gallery.html", context)
