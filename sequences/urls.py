"""The URLs under /sequences/."""

from django.urls import include, path

from sequences.views import (
    adding,
    audience,
    bulk,
    contact,
    creating,
    dates,
    detail,
    editor,
    effects,
    files,
    forecast,
    listing,
    people,
    publishing,
    reminders,
    sample,
    sharing,
    status,
    steps,
    template,
    versions,
    why,
)

editing = [
    path("edit/", editor.edit, name="sequence-edit"),
    path("edit/doubts/", audience.doubts, name="sequence-doubts"),
    path("edit/preview/", audience.preview, name="sequence-audience"),
    path("edit/conditions/<slug:place>/", editor.conditions, name="sequence-conditions"),
    path("edit/template/", editor.template, name="sequence-template"),
    path("edit/calendar/", dates.calendar, name="sequence-calendar"),
    path("edit/test/", sample.send, name="sequence-test-mail"),
    path("edit/segments/", effects.segments, name="sequence-segments"),
    path("edit/reach/", effects.day, name="sequence-reach"),
    path("edit/leaving/", effects.leaving, name="sequence-leaving"),
    path("edit/next-run/", effects.next_run, name="sequence-next-run"),
    path("edit/<slug:name>/", editor.section, name="sequence-section"),
    path("steps/", steps.add, name="sequence-steps"),
    path("steps/<str:key>/", steps.change, name="sequence-step"),
    path("steps/<str:key>/move/", steps.move, name="sequence-step-move"),
    path("steps/<str:key>/switch/", steps.switch, name="sequence-step-switch"),
    path("steps/<str:key>/copy/", steps.copy, name="sequence-step-copy"),
    path("steps/<str:key>/remove/", steps.remove, name="sequence-step-remove"),
    path("publish/", publishing.publish, name="sequence-publish"),
    path("discard/", publishing.discard, name="sequence-discard"),
]

states = [
    path("activate/", status.activate, name="sequence-activate"),
    path("activate/ask/", status.ask_activate, name="sequence-activate-ask"),
    path("pause/", status.pause, name="sequence-pause"),
    path("resume/", status.resume, name="sequence-resume"),
    path("archive/", status.ask_archive, name="sequence-archive"),
    path("archive/do/", status.archive, name="sequence-archive-do"),
    path("delete/", status.ask_delete, name="sequence-delete"),
    path("delete/do/", status.delete, name="sequence-delete-do"),
    path("clone/", creating.clone, name="sequence-clone"),
    path("export/", files.export_one, name="sequence-export"),
    path("share/", sharing.sharing, name="sequence-share"),
    path("assign/", sharing.assign, name="sequence-assign"),
]

pages = [
    path("", detail.overview, name="sequence"),
    path("people/", people.index, name="sequence-people"),
    path("people/do/", bulk.bulk, name="sequence-bulk"),
    path("people/<int:contact_id>/", why.why, name="sequence-why"),
    path("people/add/", adding.ask, name="sequence-add"),
    path("people/add/do/", adding.add, name="sequence-add-do"),
    path("reminders/", reminders.index, name="sequence-reminders"),
    path("reminders/do/", reminders.do, name="sequence-reminders-do"),
    path("runs/", detail.runs, name="sequence-runs"),
    path("forecast/", forecast.forecast, name="sequence-forecast"),
    path("settings/", detail.settings, name="sequence-settings"),
    path("versions/", versions.index, name="sequence-versions"),
    path("versions/compare/", versions.compare, name="sequence-versions-compare"),
    path("versions/<int:number>/", versions.read, name="sequence-version"),
]

urlpatterns = [
    path("", listing.index, name="sequences"),
    path("new/", creating.new, name="sequence-new"),
    path("import/", files.import_file, name="sequence-import"),
    path("panel/contact/<int:pk>/", contact.panel, name="sequence-panel"),
    path("panel/template/<int:pk>/", template.panel, name="sequence-template-panel"),
    path("panel/contact/<int:pk>/add/", adding.add_contact, name="sequence-add-contact"),
    path("<int:pk>/", include(pages + editing + states)),
]
