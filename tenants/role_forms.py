"""The forms of roles."""

from __future__ import annotations

from typing import Any

from django import forms

from tenants.forms import one_line
from tenants.meanwhile import MeanwhileForm
from tenants.models import Member, Role
from tenants.roles import ACTIONS, ALL, NONE, OWN, REACHING, SCOPES, TEAM, WITHIN, reaches_as_far

REACH_WORDS = {NONE: "None", OWN: "Own", TEAM: "Team’s", ALL: "All"}
YES_NO = [(NONE, "No"), (ALL, "Yes")]

NAME_NEEDED = {"required": "A role needs a name."}


def words_of(reach: str, action: str) -> str:
    """How a scope is called; viewing reaches what is shared, too (F-09)."""
    return "Own and shared" if reach == OWN and action == "sequence.view" else REACH_WORDS[reach]


def shown_of(role: Role, action: str) -> str:
    """The scope as its select has it: where scopes do not differ, yes or no."""
    reach = role.permissions.get(action, NONE)
    return reach if action in REACHING or reach == NONE else ALL


class NewRoleForm(forms.Form):
    """A name, and the role to begin with."""

    name = forms.CharField(max_length=100, error_messages=NAME_NEEDED)
    like = forms.ModelChoiceField(
        Role.objects.none(), empty_label=None, error_messages={"required": "Choose the role to begin with."}
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["like"].queryset = Role.objects.order_by("pk")  # type: ignore[attr-defined]

    def clean_name(self) -> str:
        return one_line(self.cleaned_data["name"])


class RoleForm(MeanwhileForm):
    """A role's limits and, of a custom one, its name and what it permits: one field for each action."""

    name = forms.CharField(max_length=100, error_messages=NAME_NEEDED)
    emails_per_day = forms.IntegerField(required=False, min_value=0, max_value=100_000)
    sequences_per_user = forms.IntegerField(required=False, min_value=0, max_value=10_000)

    def __init__(self, data: Any = None, *, role: Role, by: Member) -> None:
        stored = {name: getattr(role, name) for name in ("name", "emails_per_day", "sequences_per_user")}
        stored |= {} if role.is_ready else {action: shown_of(role, action) for action in ACTIONS}
        super().__init__(data, stored=stored, of=role, by=by)
        if role.is_ready:
            del self.fields["name"]
            return
        for action in ACTIONS:
            scopes = [(scope, words_of(scope, action)) for scope in SCOPES]
            choices = scopes if action in REACHING else YES_NO
            self.fields[action] = forms.ChoiceField(choices=choices, label=ACTIONS[action], required=True)

    def clean_name(self) -> str:
        return one_line(self.cleaned_data["name"])

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        for action, wider in WITHIN.items():
            both = (given[action], given[wider]) if {action, wider} <= given.keys() else None
            if both and not reaches_as_far(both[0], action, wider, both[1]):
                self.add_error(action, f"It reaches further than “{ACTIONS[wider]}”.")
        return given

    @property
    def values(self) -> dict[str, Any]:
        """What ``change_role`` takes."""
        given = self.cleaned_data
        found = {
            name: given[name] for name in ("name", "emails_per_day", "sequences_per_user") if name in given
        }
        return found | {"permissions": {action: given[action] for action in ACTIONS if action in given}}
