"""How Django's forms are drawn: their fields by templates/forms/, their widgets by Django's own."""

from django.forms.renderers import TemplatesSetting


class Renderer(TemplatesSetting):
    """``{{ form }}`` and ``{{ form.name.as_field_group() }}`` in the look of the app; the admin keeps its own."""

    form_template_name = "forms/form.html"
    field_template_name = "forms/field.html"
