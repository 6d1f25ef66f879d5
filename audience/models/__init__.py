from audience.models.catalogue import Choice, CustomField, KeptFilter, SavedView
from audience.models.imports import (
    ImportDue,
    ImportFile,
    ImportJob,
    ImportMapping,
    ImportRefusal,
    ImportTaken,
)
from audience.models.jobs import RecordJob, RecordJobDue, RecordJobPart
from audience.models.records import (
    Account,
    AccountTag,
    Contact,
    ContactAddress,
    ContactTag,
    Opportunity,
    OpportunityTag,
)
from audience.models.suppression import Suppression

__all__ = [
    "Account",
    "AccountTag",
    "Choice",
    "Contact",
    "ContactAddress",
    "ContactTag",
    "CustomField",
    "ImportDue",
    "ImportFile",
    "ImportJob",
    "ImportMapping",
    "ImportRefusal",
    "ImportTaken",
    "KeptFilter",
    "Opportunity",
    "OpportunityTag",
    "RecordJob",
    "RecordJobDue",
    "RecordJobPart",
    "SavedView",
    "Suppression",
]
