"""What the figures of pages ask: the requests that people make, of each page."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from audience.columns import columns_of
from audience.kinds import KINDS
from bench.workspace import Office
from tenants.wall import use

Condition = tuple[str, str, Any]

EIGHT: list[Condition] = [
    ("lifecycle_stage", "in", ["Lead", "Prospect"]),
    ("country", "is_not", "Norway"),
    ("score", ">=", "10"),
    ("job_title", "contains", "manager"),
    ("email", "not_empty", ""),
    ("city", "starts_with", "ber"),
    ("last_opened_at", "in_last_days", "120"),
    ("last_replied_at", "empty", ""),
]
SELECTIVE: list[Condition] = [
    ("segment", "is", "Segment 377"),
    ("lifecycle_stage", "in", ["Lead", "Prospect", "Qualified"]),
    ("country", "in", ["Germany", "Spain"]),
    ("contract_value", "<", "90000"),
    ("tags", "has_none", "beta"),
    ("is_partner", "is", "false"),
    ("account.employees", ">", "5"),
    ("created_at", "before", "2026-01-01"),
]
FEW: list[list[Condition]] = [
    [("lifecycle_stage", "is", "Partner"), ("city", "is", "Bonn")],
    [("tags", "has_any", "vip"), ("country", "is", "Germany")],
    [("renewal_on", "in_next_days", "30"), ("tier", "is", "Premium")],
    [("email", "starts_with", "anna.keller"), ("phone", "not_empty", "")],
    [("account.industry", "is", "Industry 7"), ("job_title", "is", "CTO")],
    [("sequence", "in", "Outreach 12")],
    [("contract_value", ">", "99000")],
    [("created_at", "in_last_days", "7")],
]
UNSELECTIVE: list[list[Condition]] = [
    [],
    [("country", "is_not", "Norway")],
    [("job_title", "contains", "manager")],
    [("last_opened_at", "empty", "")],
    [("tags", "has_none", "beta")],
    [("sequence", "never_in", "Outreach 0")],
    [("sequence", "in", "Outreach 0")],
    [("account.country", "is", "Germany")],
]


@dataclass(frozen=True)
class Request:
    """One request; with ``data`` a POST."""

    name: str
    path: str
    data: dict[str, Any] | None = None
    by_rep: bool = False
    headers: dict[str, str] = field(default_factory=dict)


def typed(rows: list[Condition], prefix: str = "cond", match: str = "all") -> dict[str, Any]:
    """Conditions as a page's form names them."""
    found: dict[str, Any] = {f"{prefix}-match": match}
    for n, (name, op, value) in enumerate(rows):
        found |= {f"{prefix}-{n}-field": name, f"{prefix}-{n}-op": op, f"{prefix}-{n}-value": value}
    return found


def _get(name: str, path: str, by_rep: bool = False, **query: Any) -> Request:
    return Request(name, f"{path}?{urlencode(query, doseq=True)}" if query else path, by_rep=by_rep)


def contacts(office: Office) -> list[Request]:
    """The list of contacts: first and deep pages, searched, filtered, in every order; and that of companies."""
    middle, last = office.first_contact + office.contacts // 2, office.first_contact + office.contacts - 60
    path = "/contacts/"
    found = [
        _get("first page", path),
        _get("second page", path, before=last),
        _get("deep page", path, before=middle),
        _get("page before", path, after=middle),
        _get("first page of a rep", path, by_rep=True),
        _get("with the filter open", path, panel="filter"),
        _get("view", path, view=office.view.pk),
        _get("view, next page", path, view=office.view.pk, before=middle),
        _get("companies", "/companies/"),
        _get("companies deep", "/companies/", before=office.first_company + office.contacts // 40),
        _get("companies named", "/companies/", q="company 12"),
    ]
    found += [
        _get(f"search {q}", path, q=q)
        for q in ("an", "anna", "anna kel", "company 1", "uwe rossi", "anna.adler7", "zzzz")
    ]
    found += [
        _get("stage", path, stage="Customer"),
        _get("owner", path, owner=office.rep.pk),
        _get("nobody's", path, owner="none"),
        _get("stage and owner", path, stage="Partner", owner=office.rep.pk),
        _get("twelve columns", path, col=list(_names(office))[:12]),
    ]
    groups = [("eight", EIGHT), ("eight, few", SELECTIVE)] + [(_said(rows), rows) for rows in FEW]
    found += [_get(f"filter {name}", path, **typed(rows)) for name, rows in groups]
    found += [
        _get("filter any of eight", path, **typed(EIGHT, match="any")),
        _get("filter any of few", path, **typed([rows[0] for rows in FEW], match="any")),
        _get("eight, deep page", path, before=middle, **typed(EIGHT)),
        _get("eight, sorted", path, sort="last_name", **typed(EIGHT)),
        _get("few, sorted", path, sort="-contract_value", **typed(SELECTIVE)),
    ]
    for name in _sortable(office):
        found.append(_get(f"by {name}", path, sort=name))
        found.append(_get(f"by -{name}", path, sort=f"-{name}"))
        found.append(_get(f"by {name}, deep", path, sort=name, before=middle))
    return found


def _names(office: Office) -> list[str]:
    with use(office.tenant):
        usual = KINDS["contact"].usual
        return [*usual, *(name for name in columns_of("contact") if name not in usual)]


def _sortable(office: Office) -> list[str]:
    with use(office.tenant):
        return ["name", *(name for name, column in columns_of("contact").items() if column.sort)]


def _said(rows: list[Condition]) -> str:
    return ", ".join(" ".join(map(str, row)) for row in rows) or "everyone"


def sequences(office: Office) -> list[Request]:
    """The list of sequences: tabs, filters, as an administrator and as a rep."""
    path = "/sequences/"
    return [
        _get("all", path),
        _get("all of a rep", path, by_rep=True),
        *(_get(tab, path, tab=tab) for tab in ("mine", "shared", "archived")),
        *(_get(f"{tab} of a rep", path, by_rep=True, tab=tab) for tab in ("mine", "shared")),
        *(_get(status, path, status=status) for status in ("active", "draft")),
        _get("search", path, q="outreach 1 quarter"),
        _get("owner", path, owner=office.rep.pk),
        _get("tag", path, tag="dach"),
        _get("problems", path, problems=1),
        _get("record", path, record="contact"),
    ]


def sequence(office: Office) -> list[Request]:
    """The pages of a sequence of 200,000 people, and of one with few."""
    big, few = f"/sequences/{office.big.pk}/", f"/sequences/{office.few.pk}/"
    tabs = ("", "people/", "runs/", "settings/", "versions/")
    found = [_get(f"{tab or 'overview'} of {size}", path + tab) for tab in tabs for size, path in
             (("200,000", big), ("few", few))]  # fmt: skip
    path, middle = f"{big}people/", office.last_stay - office.contacts // 10
    asked: list[tuple[str, dict[str, Any]]] = [
        ("deep", {"before": middle}),
        *((state, {"state": state}) for state in ("active", "held", "paused", "exited", "waiting")),
        ("exited, deep", {"state": "exited", "before": middle}),
        *((f"search {q}", {"q": q}) for q in ("anna", "anna kel", "company 1", "zzzz")),
        ("replied", {"reason": "replied", "state": "exited"}),
        *(
            (f"two {did}", {"step": "two", "did": did})
            for did in ("executed", "skipped", "opened", "replied")
        ),
        ("skipped by condition", {"did": "skipped", "reason": "condition", "step": "two"}),
        ("of a run", {"run": office.run, "did": "executed"}),
        ("failed mail", {"mail": "failed"}),
        ("unknown mail", {"mail": "unknown"}),
        ("search in active", {"state": "active", "q": "anna"}),
    ]
    return found + [_get(f"people {name}", path, **query) for name, query in asked]


def editor(office: Office) -> list[Request]:
    """The editor of the same sequences: page, panels, what it draws anew while somebody types."""
    big, few = f"/sequences/{office.big.pk}/edit/", f"/sequences/{office.few.pk}/edit/"
    return [
        _get("200,000", big),
        _get("few", few),
        _get("a step open", big, step="two"),
        _get("dates", f"{big}calendar/"),
        _get("dates of few", f"{few}calendar/", q="anna"),
        _get("a new mail", big, new="email"),
        _get("a new call", big, new="call"),
        _get("audience open", big, open="audience"),
        _get("reach of a day", f"{big}reach/", day=4),
        Request("builder of the audience", f"{big}conditions/entry/", typed(EIGHT, "entry")),
        Request("builder of a step", f"{big}conditions/step/", typed(EIGHT[:3], "step")),
    ]


def count(office: Office) -> list[Request]:
    """Live counts: of any condition group with ten examples, of an audience with its refusals, of an edit."""
    groups = [EIGHT, SELECTIVE, *FEW, *UNSELECTIVE]
    path = "/conditions/preview/"
    found = [Request(f"count {_said(rows)}", path, typed(rows)) for rows in groups]
    found += [
        Request(f"any of {_said(rows)}", path, typed(rows, match="any"))
        for rows in (EIGHT, [rows[0] for rows in FEW])
    ]
    for name, pk in (("200,000", office.big.pk), ("few", office.few.pk)):
        edit = f"/sequences/{pk}/edit/"
        found += [
            Request(
                f"audience of {name}: {_said(rows)}",
                f"{edit}preview/",
                {"record": "contact"} | typed(rows, "entry"),
            )
            for rows in (EIGHT, SELECTIVE, *FEW[:4], *UNSELECTIVE[1:4])
        ]
        found.append(_get(f"doubts of {name}", f"{edit}doubts/"))
        found.append(
            Request(
                f"leaving {name}", f"{edit}leaving/", typed([("lifecycle_stage", "is", "Customer")], "exit")
            )
        )
    return found
