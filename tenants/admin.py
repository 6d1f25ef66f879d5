"""Django admin: tenants, users and memberships, which stand outside the wall; no data of a tenant."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from tenants.commands import create_tenant
from tenants.models import Membership, Tenant, User


class MembershipInline(admin.TabularInline):
    model = Membership
    extra = 0
    autocomplete_fields = ("user",)


@admin.register(Tenant)
class TenantAdmin(admin.ModelAdmin):
    """A workspace added here comes with the ready roles."""

    list_display = ("name", "slug", "timezone", "country", "created_at", "sending_paused_at")
    search_fields = ("name", "slug")
    exclude = ("is_scratch",)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).filter(is_scratch=False)

    def save_model(self, request: HttpRequest, obj: Tenant, form: Any, change: bool) -> None:
        if change:
            obj.save()
            return
        fields = {
            name: getattr(obj, name) for name in ("slug", "name", "timezone", "country", "postal_address")
        }
        obj.pk = create_tenant(**fields).pk

    def has_delete_permission(self, request: HttpRequest, obj: Tenant | None = None) -> bool:
        return False


@admin.register(User)
class UserAdmin(admin.ModelAdmin):
    """People who sign in. Passwords are set by the reset mail."""

    list_display = ("email", "name", "is_active", "is_staff", "last_login")
    search_fields = ("email", "name")
    fields = ("email", "name", "is_active", "is_staff", "is_superuser", "last_login", "date_joined")
    readonly_fields = ("last_login", "date_joined")
    inlines = (MembershipInline,)
