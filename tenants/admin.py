"""Django admin: tenants, users and memberships, which stand outside the wall; no data of a tenant."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from tenants.commands import add_member, create_tenant
from tenants.models import Membership, Tenant, User
from tenants.wall import use


class MembershipInline(admin.TabularInline):
    """Whom an operator puts into a workspace is its administrator; all else is done on the workspace's own pages."""

    model = Membership
    extra = 0
    fields = ("tenant", "is_active")
    readonly_fields = ("is_active",)
    verbose_name = "workspace of which they become an administrator"
    verbose_name_plural = "workspaces"

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Tenant)
class TenantAdmin(admin.ModelAdmin):
    """A workspace added here comes with the ready roles. Its sending is stopped on its own pages, with a reason."""

    list_display = ("name", "slug", "timezone", "country", "created_at", "sending_paused_at")
    search_fields = ("name", "slug")
    exclude = ("is_scratch", "sending_paused_at", "is_trial", "confirm_above")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).filter(is_scratch=False)

    def save_model(self, request: HttpRequest, obj: Tenant, form: Any, change: bool) -> None:
        if change:
            obj.save()
            return
        fields = {
            name: getattr(obj, name)
            for name in ("slug", "name", "timezone", "country", "legal_name", "postal_address")
        }
        obj.pk = create_tenant(**fields).pk

    def has_delete_permission(self, request: HttpRequest, obj: Tenant | None = None) -> bool:
        return False


@admin.register(User)
class UserAdmin(admin.ModelAdmin):
    """People who sign in. Passwords are set by “Forgotten your password?”; who shall not come in is switched off."""

    list_display = ("email", "name", "is_active", "is_staff", "last_login")
    search_fields = ("email", "name")
    fields = ("email", "name", "is_active", "is_staff", "is_superuser", "last_login", "date_joined")
    readonly_fields = ("last_login", "date_joined")
    inlines = (MembershipInline,)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        obj.email = obj.email.lower()
        if not change:
            obj.set_unusable_password()
        obj.save()

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        for membership in formset.save(commit=False):
            with use(membership.tenant):
                add_member(
                    email=membership.user.email,
                    name=membership.user.name,
                    role="admin",
                    timezone=str(membership.tenant.timezone),
                )
        formset.save_m2m()

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False
