"""The forms of a sequence's sections: details, audience, timing, exit criteria."""

from __future__ import annotations

from typing import Any

from django import forms

from audience.models import SavedView
from audience.saved import visible_views
from sequences import tags
from sequences.commands.editing import NAME_LENGTH
from sequences.edits import MOVE, PIN
from sequences.models import SenderMode, Sequence
from steps.inputs import with_current
from tenants.models import Member

MOST_TAGS = 10
RECORDS = (("contact", "Contacts"), ("account", "Companies"), ("opportunity", "Opportunities"))
KINDS = (("classic", "Classic"), ("smart", "Smart"), ("adaptive", "Adaptive"))
KIND_HINTS = {
    "classic": "By day. Once a day each person gets the steps of their day: day 1, day 3, day 8.",
    "smart": "By relevance. At each run a person gets the first step that fits them and that they have not had.",
    "adaptive": "By answer. A tree: wait, ask whether they opened or replied, and go on by yes or by no.",
}
RECORD_HINTS = {
    "contact": "People who match enter by themselves.",
    "account": "Contacts whose primary company matches enter.",
    "opportunity": "The primary contact of each matching opportunity enters.",
}


class TagsField(forms.CharField):
    """Words to find sequences by, with commas between them, or paths of words; none twice in another case."""

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list | tuple) else value

    def clean(self, value: Any) -> list[str]:
        try:
            read = (tags.read(text) for text in super().clean(value).split(","))
            found = list({tag.casefold(): tag for tag in read if tag}.values())
            if len(found) > MOST_TAGS:
                raise forms.ValidationError(f"At most {MOST_TAGS} tags; these are {len(found)}.")
            rows = Sequence.objects.exclude(tags=[]).values_list("tags", flat=True) if found else ()
            tags.require_room([tag for row in rows for tag in row], found)
        except tags.WrongTag as wrong:
            raise forms.ValidationError(str(wrong)) from wrong
        return found


class NewForm(forms.Form):
    """The first page of a new sequence."""

    name = forms.CharField(
        label="Name",
        max_length=NAME_LENGTH,
        error_messages={"required": "Give the sequence a name."},
        widget=forms.TextInput(attrs={"autofocus": True, "autocomplete": "off"}),
    )
    description = forms.CharField(
        label="Description", max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    record = forms.ChoiceField(
        label="Who is it for?",
        choices=RECORDS,
        widget=forms.RadioSelect,
        initial="contact",
        error_messages={
            "required": "Choose who it is for.",
            "invalid_choice": "“%(value)s” cannot be chosen.",
        },
    )
    kind = forms.ChoiceField(
        label="Type",
        choices=KINDS,
        required=False,
        widget=forms.RadioSelect,
        initial="classic",
        error_messages={
            "invalid_choice": "“%(value)s” is no type of sequence: it can be classic, smart or adaptive."
        },
    )

    def clean_kind(self) -> str:
        """Classic where nothing is told."""
        return self.cleaned_data["kind"] or "classic"


class DetailsForm(forms.Form):
    """Name, description, who sends."""

    name = NewForm.base_fields["name"]
    description = NewForm.base_fields["description"]
    tags = TagsField(
        label="Tags",
        required=False,
        widget=forms.TextInput(attrs={"placeholder": "Outbound, Region/EMEA"}),
    )
    sender = forms.ChoiceField(label="Emails are sent from")

    def __init__(
        self,
        data: Any = None,
        *,
        sequence: Sequence,
        senders: list[tuple[str, str]],
        **kwargs: Any,
    ) -> None:
        initial = {
            "name": sequence.name,
            "description": sequence.description,
            "tags": sequence.tags,
            "sender": sender_ref(sequence),
        }
        super().__init__(data, initial=initial, **kwargs)
        self.fields["name"].widget.attrs.pop("autofocus", None)
        choices = with_current(senders, sender_ref(sequence), "{} (cannot send)")
        self.fields["sender"].choices = choices  # type: ignore[attr-defined]

    @property
    def values(self) -> dict[str, Any]:
        """What sequences.commands.editing.change_settings takes."""
        found = {name: self.cleaned_data[name] for name in ("name", "description", "tags")}
        chosen = self.cleaned_data["sender"]
        if chosen in (SenderMode.OWNER, SenderMode.CONTACT_OWNER):
            return found | {"sender_mode": chosen, "sender": None}
        return found | {"sender_mode": SenderMode.MEMBER, "sender": Member.objects.get(user__email=chosen)}


def sender_ref(sequence: Sequence) -> str:
    """``owner``, ``contact_owner`` or the e-mail of a fixed user, as steps and files say it."""
    return sequence.sender.email if sequence.sender else sequence.sender_mode


class AudienceForm(forms.Form):
    """Which records, and the two check-boxes; the conditions beside them are a builder of their own."""

    record = forms.ChoiceField(label="Record", choices=RECORDS, widget=forms.RadioSelect)
    views = forms.ModelMultipleChoiceField(
        SavedView.objects.none(),
        label="Saved views",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "invalid_choice": "A view that was ticked is one of another kind of record, or is gone."
        },
    )
    unique_email = forms.BooleanField(label="One contact for each email address", required=False)
    exclusive = forms.BooleanField(label="Exclusive", required=False)

    def __init__(self, data: Any = None, *, sequence: Sequence, by: Member, **kwargs: Any) -> None:
        fixed = {name: getattr(sequence, name) for name in ("record", "unique_email", "exclusive")}
        chosen = [link.view_id for link in sequence.sequence_views.all()]
        super().__init__(data, initial=fixed | {"views": chosen}, **kwargs)
        if sequence.activated_at:
            self.fields["record"].disabled = True
        record = self["record"].value() or sequence.record
        seen = SavedView.objects.filter(record=record) if record else SavedView.objects.none()
        offered = visible_views(by, seen) | seen.filter(pk__in=chosen)
        self.fields["views"].queryset = offered.order_by("name")  # type: ignore[attr-defined]


class ExitForm(forms.Form):
    """When a stay ends; the conditions beside it are a builder of their own."""

    exit_all_steps = forms.BooleanField(label="All steps are executed", required=False)
    exit_replied = forms.BooleanField(label="The contact replies", required=False)
    exit_unsubscribed = forms.BooleanField(label="The contact unsubscribes", required=False)
    exit_bounced = forms.BooleanField(label="An email bounces", required=False)
    exit_colleague_replied = forms.BooleanField(label="A colleague replies", required=False)
    out_of_office = forms.ChoiceField(
        label="Out-of-office replies",
        choices=[("pause", "Pause until the return date"), ("ignore", "Ignore")],
        widget=forms.RadioSelect,
    )
    reentry_days = forms.IntegerField(
        label="Re-entry",
        required=False,
        min_value=1,
        max_value=3650,
        error_messages={"invalid": "A number of days is wanted, or nothing."},
    )


class PublishForm(forms.Form):
    """What is said about a new version, and what becomes of those inside a tree (semantics 5.14)."""

    note = forms.CharField(label="What changed?", max_length=300, required=False)
    apply = forms.ChoiceField(
        label="Those inside",
        choices=[(PIN, "Stay on their version"), (MOVE, "Move to the new version")],
        widget=forms.RadioSelect,
        initial=PIN,
        error_messages={"required": "Choose what becomes of those inside."},
    )

    def __init__(self, data: Any = None, *, has_tree: bool) -> None:
        super().__init__(data)
        if not has_tree:
            del self.fields["apply"]


def initial_of(sequence: Sequence, form: type[forms.Form]) -> dict[str, Any]:
    """What a section shows first."""
    return {name: getattr(sequence, name) for name in form.base_fields}
