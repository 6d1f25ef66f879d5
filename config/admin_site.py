"""The site of ``/admin/``: for operators of the installation. Apps register only tables outside the wall.

What an operator does is written to the log. Django's table for it would hold tenants' data outside the wall; a
constraint keeps it empty.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NoReturn

import structlog
from allauth.account.decorators import secure_admin_login
from django.contrib.admin import AdminSite, ModelAdmin
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse

log = structlog.get_logger("stepwise.operator")


class LoggedAdmin(ModelAdmin):
    """Writes what is done to the log instead of to Django's table."""

    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> None:  # type: ignore[override]
        self._log("added", request, obj, message)

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> None:  # type: ignore[override]
        self._log("changed", request, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: Iterable[Model]) -> None:  # type: ignore[override]
        for obj in queryset:
            self._log("deleted", request, obj, "")

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> NoReturn:
        raise Http404("What operators did stands in the log.")

    def _log(self, verb: str, request: HttpRequest, obj: Model, message: Any) -> None:
        log.warning(verb, operator=request.user.pk, model=obj._meta.label, object=obj.pk, change=message)


class Site(AdminSite):
    """The operators' site. Signing in has the same limits as for everybody else."""

    site_header = site_title = "Stepwise operators"
    index_title = "Installation"
    index_template = "admin/operator_index.html"

    def register(
        self,
        model_or_iterable: type[Model] | Iterable[type[Model]],
        admin_class: type[ModelAdmin] | None = None,
        **options: Any,
    ) -> None:
        bases = (LoggedAdmin, admin_class) if admin_class else (LoggedAdmin,)
        logged = type(admin_class.__name__ if admin_class else "Admin", bases, {})
        super().register(model_or_iterable, logged, **options)

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return secure_admin_login(super().login)(request, extra_context)
