"""Which column of a file is which field: by the names that other systems and people give them. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from audience.conditions.types import FieldType
from audience.fields import ACCOUNT, CONTACT, RECORDS, RESERVED, Field

FULL_NAME = Field(CONTACT, "full_name", "first and last name in one", FieldType.TEXT)
FURTHER = Field(CONTACT, "further_emails", "further emails", FieldType.TEXT)
KEPT_BY_EVENTS = {
    "last_sent_at",
    "last_opened_at",
    "last_clicked_at",
    "last_replied_at",
    "last_activity_at",
    "last_contacted_mode",
    "last_activity_type",
}

LINE, REASON = "Refused line", "Refused because"
"""The first columns of a file of refused rows, which are for the person who mends it: always left out."""

SYNONYMS: dict[str, dict[str, str]] = {
    CONTACT: {
        "email": "emails, email address, primary email, work email, business email, email 1, mail, e mail adresse, "
        "mailadresse, email adresse, courriel, correo",
        "further_emails": "other emails, additional email addresses, secondary email, email 2, weitere e mail",
        "full_name": "name, full name, contact name, contact, voller name, vollständiger name, ansprechpartner",
        "first_name": "firstname, given name, forename, vorname, rufname, prénom, nombre",
        "last_name": "lastname, surname, family name, nachname, familienname, zuname, nom, apellido, apellidos",
        "job_title": "title, position, job, role, jobtitle, beruf, funktion, stelle, berufsbezeichnung",
        "phone": "work, phone number, work phone, business phone, telephone, telefon, telefonnummer, tel, festnetz, "
        "work number, direct phone, office phone",
        "mobile": "mobile number, mobile phone, cell, cell phone, cellphone, mobile phone number, handy, "
        "handynummer, mobil, mobiltelefon, mobilnummer",
        "country": "country region, land, pays, país",
        "city": "town, ort, stadt, wohnort, ville, ciudad",
        "timezone": "time zone, zeitzone",
        "language": "preferred language, locale, sprache",
        "source": "lead source, original source, quelle, herkunft",
        "lifecycle_stage": "lifecycle, stage, status, lead status, phase, lebenszyklusphase, lead stage",
        "owner": "sales owner, contact owner, lead owner, hubspot owner, account owner, assigned to, besitzer, "
        "zuständig, betreuer, verantwortlich",
        "account": "sales accounts, sales account, primary company, company, company name, account name, organization, "
        "organisation, firma, firmenname, unternehmen, associated company, employer, société, empresa",
        "tags": "tag, labels, label, schlagworte, schlagwörter, kategorien",
        "score": "lead score, hubspot score, contact score, bewertung, punkte, punktzahl",
        "created_at": "created, create date, date created, creation date, angelegt am, angelegt, erstellt am, "
        "erstelldatum, erstellt",
    },
    ACCOUNT: {
        "name": "company, company name, account, account name, sales account, organization, organisation, firma, "
        "firmenname, unternehmen, société, empresa",
        "website": "website url, web site, url, web, homepage, domain, company domain name, webseite, internet",
        "industry": "industry type, branche, sector, secteur, sektor",
        "employees": "number of employees, employee count, company size, no of employees, headcount, mitarbeiter, "
        "mitarbeiterzahl, anzahl mitarbeiter",
        "phone": "phone number, telephone, telefon, telefonnummer, work, tel, main phone",
        "country": "country region, land, pays, país",
        "city": "town, ort, stadt, ville, ciudad",
        "owner": "sales owner, company owner, account owner, besitzer, zuständig, betreuer",
        "tags": "tag, labels, label, schlagworte, schlagwörter, kategorien",
        "created_at": "created, create date, date created, creation date, angelegt am, angelegt, erstellt am",
    },
}


@dataclass(frozen=True)
class Match:
    """Where the columns of a header go: the key of a field each, empty where left out; and what to say about it."""

    keys: list[str]
    warnings: list[str]


def importable(kind: str, fields: Iterable[Field]) -> list[Field]:
    """The fields of a record that a file may fill. What events keep (semantics 6.5) only events write."""
    own = [field for field in fields if field.record == kind and field.key not in KEPT_BY_EVENTS]
    return [*own, FULL_NAME, FURTHER] if kind == CONTACT else own


def match_columns(kind: str, header: list[str], fields: Iterable[Field]) -> Match:
    """Find the field of each column by its name, without case, blanks and marks. The first of a name is taken."""
    names = _names(kind, importable(kind, fields))
    keys: list[str] = []
    warnings = []
    seen: set[str] = set()
    for number, column in enumerate(header, start=1):
        plain = simplified(column)
        key = names.get(plain, "") if column not in (LINE, REASON) else ""
        if not plain:
            warnings.append(f"Column {number} has no name and is left out.")
        elif plain in seen:
            warnings.append(f"There are several columns “{column}”; the first is taken.")
            key = ""
        elif key in keys:
            first = header[keys.index(key)] if key else ""
            if key:
                warnings.append(f"The columns “{first}” and “{column}” are one field; the first is taken.")
            key = ""
        seen.add(plain)
        keys.append(key)
    return Match(keys, warnings)


def _names(kind: str, fields: list[Field]) -> Mapping[str, str]:
    """Every name by which a field is known → its key.

    A field's own names go before what others call it; of two fields of one name the standard one is meant.
    """
    found: dict[str, str] = {}
    for key, names in SYNONYMS[kind].items():
        found |= {simplified(name): key for name in names.split(",")}
    for field in sorted(fields, key=lambda each: not each.is_custom):
        found |= {simplified(field.label): field.key, simplified(field.key): field.key}
    return found


def simplified(name: str) -> str:
    """``E-Mail `` → ``e mail`` → ``email``: lowered, without marks and blanks."""
    return re.sub(r"[\W_]+", "", name.lower())


def key_for(name: str, otherwise: str = "field") -> str:
    """What a new field of this name is called in conditions: ``Import Name`` → ``import_name``."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    found = re.sub(r"\W+", "_", plain.lower()).strip("_") or otherwise
    return f"{found}_" if found in (*RECORDS, *RESERVED) else found
