"""The actions that a role permits, and the five ready roles (templates-and-roles §3).

Each action is given to a role in one of four scopes: none, own (the member's own objects and what is shared with them),
team (those of the member's team, too) or all.
"""

from __future__ import annotations

NONE, OWN, TEAM, ALL = "none", "own", "team", "all"
SCOPES = (NONE, OWN, TEAM, ALL)

#: action: what a person reads on the role's page
ACTIONS = {
    "sequence.view": "View sales sequences",
    "sequence.create": "Create sales sequences",
    "sequence.edit": "Edit, activate, archive sequences",
    "sequence.delete": "Delete sequences",
    "sequence.share": "Share and assign sequences",
    "enrollment.manage": "Add, remove, pause people",
    "enrollment.override": "Override exclusivity, add again after an exit",
    "reminder.work": "Work reminders",
    "template.personal": "Personal templates",
    "template.shared": "Shared templates",
    "record.view": "View contacts, companies, opportunities",
    "record.edit": "Edit contacts, companies, opportunities",
    "tag.manage": "Manage tags",
    "report.view": "Reports",
    "import.run": "Import",
    "export.run": "Export",
    "record.delete": "Delete records in bulk",
    "suppression.view": "View the suppression list",
    "suppression.add": "Add to the suppression list",
    "suppression.edit": "Edit the suppression list",
    "mailbox.connect": "Connect one's own mailbox",
    "mailbox.manage": "Manage others' mailboxes",
    "sending.stop": "Stop and resume sending",
    "policy.view": "View limits and holidays",
    "policy.edit": "Edit the workspace, its limits and trial list",
    "admin.manage": "Users, roles, keys, webhooks",
    "audit.view": "Audit log, erasure, export of a person",
}

REACHING = frozenset(
    {
        *("sequence.view", "sequence.edit", "sequence.delete", "sequence.share", "enrollment.manage"),
        *("reminder.work", "record.view", "record.edit", "record.delete", "tag.manage", "report.view"),
        *("import.run", "export.run", "sending.stop"),
    }
)
"""Actions on objects with an owner, for which the four scopes differ. Of all others a role has just yes or no."""

WITHIN = {
    **dict.fromkeys(
        ("sequence.create", "sequence.edit", "sequence.delete", "sequence.share", "enrollment.manage"),
        "sequence.view",
    ),
    **dict.fromkeys(("record.edit", "record.delete", "export.run"), "record.view"),
    **dict.fromkeys(("suppression.add", "suppression.edit"), "suppression.view"),
}
"""An action that reaches no further than another: nobody changes what they may not see."""

#: key: (name, what it may do); an action that is not named is none
READY: dict[str, tuple[str, dict[str, str]]] = {
    "admin": ("Owner/Admin", dict.fromkeys(ACTIONS, ALL)),
    "sales_manager": (
        "Sales Manager",
        {
            "sequence.view": TEAM,
            "sequence.create": ALL,
            "sequence.edit": TEAM,
            "sequence.delete": TEAM,
            "sequence.share": TEAM,
            "enrollment.manage": TEAM,
            "enrollment.override": ALL,
            "reminder.work": TEAM,
            "template.personal": ALL,
            "template.shared": ALL,
            "record.view": ALL,
            "record.edit": ALL,
            "tag.manage": TEAM,
            "report.view": ALL,
            "import.run": ALL,
            "export.run": ALL,
            "record.delete": ALL,
            "suppression.view": ALL,
            "suppression.add": ALL,
            "suppression.edit": ALL,
            "mailbox.connect": ALL,
            "sending.stop": TEAM,
            "policy.view": ALL,
        },
    ),
    "sequence_manager": (
        "Sequence Manager",
        {
            "sequence.view": ALL,
            "sequence.create": ALL,
            "sequence.edit": ALL,
            "sequence.delete": ALL,
            "sequence.share": ALL,
            "enrollment.manage": ALL,
            "enrollment.override": ALL,
            "reminder.work": TEAM,
            "template.personal": ALL,
            "template.shared": ALL,
            "record.view": ALL,
            "record.edit": ALL,
            "tag.manage": ALL,
            "report.view": ALL,
            "import.run": OWN,
            "export.run": OWN,
            "record.delete": OWN,
            "suppression.view": ALL,
            "suppression.add": ALL,
            "suppression.edit": ALL,
            "mailbox.connect": ALL,
            "sending.stop": ALL,
            "policy.view": ALL,
        },
    ),
    "sales_rep": (
        "Sales rep",
        {
            "sequence.view": OWN,
            "sequence.create": OWN,
            "sequence.edit": OWN,
            "sequence.delete": OWN,
            "sequence.share": OWN,
            "enrollment.manage": OWN,
            "reminder.work": OWN,
            "template.personal": ALL,
            "record.view": ALL,
            "record.edit": OWN,
            "report.view": OWN,
            "import.run": OWN,
            "suppression.view": ALL,
            "suppression.add": ALL,
            "mailbox.connect": ALL,
            "sending.stop": OWN,
            "policy.view": ALL,
        },
    ),
    "read_only": (
        "Read-only/Analyst",
        {"sequence.view": ALL, "record.view": ALL, "report.view": ALL},
    ),
}


def reaches_as_far(reach: str, action: str, other: str, of_other: str) -> bool:
    """Whether ``other`` in the scope ``of_other`` covers ``action`` in the scope ``reach``."""
    if {action, other} <= REACHING:
        return SCOPES.index(reach) <= SCOPES.index(of_other)
    return reach == NONE or of_other != NONE
