"""The kinds of records as pages know them: contacts, companies and opportunities are descriptions of one machinery.

Addresses, words, what a list shows and a form asks for; views, lists, forms and bulk verbs read it. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass

from audience.fields import ACCOUNT, CONTACT, OPPORTUNITY


@dataclass(frozen=True)
class Kind:
    """One kind of record. ``page`` is the name of the address of one of them, ``pages`` that of their list.

    ``noun`` is what one is called in a form, ``one`` and ``many`` what is counted in a list.
    """

    record: str
    page: str
    pages: str
    title: str
    noun: str
    one: str
    many: str
    relative: str
    """How a sentence of conditions goes on: 3 people *whose* …, 3 companies *which* …"""
    search: str
    search_hint: str
    empty: tuple[str, str, str]
    """What an empty list says: title, text, icon."""
    nobody: str
    """What it says when nothing matches."""
    usual: tuple[str, ...]
    """The columns of a list for which none were chosen."""
    in_name: tuple[str, ...]
    """What the first column, which names the record, shows already: the fields of an export that stand for it."""
    form: tuple[tuple[str, ...], ...]
    """The standard fields of its form, those of one line together."""
    shown: tuple[str, ...]
    """The standard fields that its page shows among the details, in order."""
    identified_by: tuple[str, ...]
    """One of these fields is filled in every record."""
    identity: str
    name_order: str = "name_norm"
    """The stored column by which a list is sorted by name."""
    stage: str = ""
    """The choice that has a quick filter of its own."""
    references: tuple[str, ...] = ()
    """The records that it points at."""
    beside: tuple[str, str] | None = None
    """Another record whose fields are columns, too: its kind, which is the path to it as well, and its word."""
    import_as: str = ""
    """What is said to the import; empty: it is not brought by files."""

    def count(self, number: int) -> str:
        """The word that follows a number of them."""
        return self.one if number == 1 else self.many

    @property
    def order(self) -> tuple[str, ...]:
        """The standard fields of its form."""
        return tuple(key for line in self.form for key in line)

    def address(self, what: str) -> str:
        """The name of the address of ``new``, ``edit`` or ``bulk``."""
        return f"{self.page}-{what}"


CONTACTS = Kind(
    record=CONTACT,
    page="contact",
    pages="contacts",
    title="Contacts",
    noun="contact",
    one="person",
    many="people",
    relative="whose",
    search="Search by name, email or company",
    search_hint="Each word of the search is the beginning of a first name, last name, email or company.",
    empty=("Nobody here yet", "People come from a file, or one by one.", "users"),
    nobody="Nobody matches",
    usual=("account", "email", "lifecycle_stage", "last_contacted_mode", "owner"),
    in_name=("first_name", "last_name"),
    form=(
        ("first_name", "last_name"),
        ("email",),
        ("further",),
        ("job_title", "account"),
        ("lifecycle_stage", "owner"),
        ("phone", "mobile"),
        ("city", "country"),
        ("timezone", "language"),
        ("source", "score"),
        ("tags",),
    ),
    shown=(
        *("job_title", "phone", "mobile", "city", "country", "timezone", "language", "source", "score"),
        *("last_activity_type", "created_at", "last_sent_at", "last_opened_at", "last_clicked_at"),
        *("last_replied_at", "last_activity_at"),
    ),
    identified_by=("email", "first_name", "last_name"),
    identity="an email address or a name",
    name_order="last_name_norm",
    stage="lifecycle_stage",
    references=(ACCOUNT,),
    beside=(ACCOUNT, "Company"),
    import_as="contact",
)

COMPANIES = Kind(
    record=ACCOUNT,
    page="company",
    pages="companies",
    title="Companies",
    noun="company",
    one="company",
    many="companies",
    relative="which",
    search="Search by name",
    search_hint="The search is for the beginning of a name.",
    empty=(
        "No companies yet",
        "They come from a file, with the people of an import, or one by one.",
        "building-office-2",
    ),
    nobody="No company matches",
    usual=("industry", "employees", "people", "country", "last_contacted_mode", "owner"),
    in_name=("name",),
    form=(
        ("name",),
        ("website", "phone"),
        ("industry", "employees"),
        ("city", "country"),
        ("owner",),
        ("tags",),
    ),
    shown=(
        *("website", "industry", "employees", "phone", "city", "country", "last_contacted_mode"),
        *("last_activity_type", "created_at", "last_sent_at", "last_opened_at", "last_replied_at"),
        "last_activity_at",
    ),
    identified_by=("name",),
    identity="a name",
    import_as="account",
)

OPPORTUNITIES = Kind(
    record=OPPORTUNITY,
    page="opportunity",
    pages="opportunities",
    title="Opportunities",
    noun="opportunity",
    one="opportunity",
    many="opportunities",
    relative="which",
    search="Search by name or company",
    search_hint="The search is for the beginning of a name or of a company.",
    empty=(
        "No opportunities yet",
        "A deal with a stage, an amount and a primary contact. Sequences can follow it.",
        "briefcase",
    ),
    nobody="No opportunity matches",
    usual=("stage", "amount", "close_on", "contact", "account", "owner"),
    in_name=("name",),
    form=(("name",), ("amount", "stage"), ("close_on", "owner"), ("contact", "account")),
    shown=("created_at",),
    identified_by=("name",),
    identity="a name",
    stage="stage",
    references=(ACCOUNT, CONTACT),
    beside=(CONTACT, "Contact"),
)

KINDS: dict[str, Kind] = {kind.record: kind for kind in (CONTACTS, COMPANIES, OPPORTUNITIES)}
