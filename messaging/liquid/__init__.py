"""Templates that users write: Liquid with limits (semantics 2.31, 2.32, 6.6).

    analysis = analyse("Hello {{ first_name }}", "<p>Hi …</p>", known_fields={"contact.first_name"})
    analysis.needed            # fields that hold a contact where they are empty
    analysis.faults            # what keeps the template from being saved, each with its place and line

    body = prepare(source, html=True)                    # compiled once, kept
    body.render({"contact.first_name": "Ann"})           # clean HTML
    body.render({})                                      # MissingPlaceholder: contact.first_name

Pure: no Django, no database, no clock.
"""

from messaging.liquid.analysis import Analysis, analyse, analyse_text
from messaging.liquid.prepared import MissingPlaceholder, Prepared, TemplateFault, is_blank, prepare
from messaging.liquid.source import Fault
from messaging.liquid.syntax import OBJECTS, PEOPLE_FIELDS

__all__ = [
    "OBJECTS",
    "PEOPLE_FIELDS",
    "Analysis",
    "Fault",
    "MissingPlaceholder",
    "Prepared",
    "TemplateFault",
    "analyse",
    "analyse_text",
    "is_blank",
    "prepare",
]
