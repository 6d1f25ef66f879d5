"""The URLs of contacts, companies, imports, conditions and the suppression list."""

from django.urls import path

from audience.fields import ACCOUNT, CONTACT
from audience.views import companies, conditions, contacts, editing, fields, imports, suppression, value_lists

urlpatterns = [
    path("contacts/", contacts.index, name="contacts"),
    path("contacts/new/", editing.creating(CONTACT), name="contact-new"),
    path("contacts/<int:pk>/", contacts.detail, name="contact"),
    path("contacts/<int:pk>/edit/", editing.changing(CONTACT), name="contact-edit"),
    path("companies/", companies.index, name="companies"),
    path("companies/new/", editing.creating(ACCOUNT), name="company-new"),
    path("companies/<int:pk>/", companies.detail, name="company"),
    path("companies/<int:pk>/edit/", editing.changing(ACCOUNT), name="company-edit"),
    path("imports/", imports.index, name="imports"),
    path("imports/new/", imports.new, name="import-new"),
    path("imports/<int:pk>/", imports.detail, name="import"),
    path("imports/mappings/<int:mapping_id>/delete/", imports.forget_mapping, name="import-mapping-delete"),
    path("imports/<int:pk>/check/", imports.check, name="import-check"),
    path("imports/<int:pk>/reopen/", imports.reopen, name="import-reopen"),
    path("imports/<int:pk>/mapping/", imports.use_mapping, name="import-mapping"),
    path("imports/<int:pk>/discard/", imports.discard, name="import-discard"),
    path("imports/<int:pk>/start/", imports.start, name="import-start"),
    path("imports/<int:pk>/reread/", imports.reread, name="import-reread"),
    path("imports/<int:pk>/progress/", imports.progress, name="import-progress"),
    path("imports/<int:pk>/refused.csv", imports.refused, name="import-refused"),
    path("conditions/preview/", conditions.preview, name="conditions-preview"),
    path("settings/fields/", fields.index, name="fields"),
    path("settings/fields/new/", fields.new, name="field-new"),
    path("settings/fields/<int:pk>/", fields.edit, name="field"),
    path("settings/fields/<int:pk>/retire/", fields.retire, name="field-retire"),
    path("settings/fields/<int:pk>/bring-back/", fields.bring_back, name="field-bring-back"),
    path("settings/lists/", value_lists.index, name="value-lists"),
    path("settings/suppression/", suppression.index, name="suppression"),
]
