"""Tenants, the people who sign in, and what they are to a tenant."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.timezone import now
from timezone_field import TimeZoneField

from tenants.fields import CurrentTenant, TenantForeignKey, lowered

EMAILS_PER_DAY = 500
"""Automatic e-mails of one member on one day, where neither they nor their role say otherwise (semantics 2.29)."""


KEEPS_ADDRESS = "It stands under every automatic mail: change it, but do not take it away."


class Tenant(models.Model):
    """One customer company; screens call it a workspace. Outside the wall."""

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=200)
    timezone = TimeZoneField(default="UTC", use_pytz=False)
    country = models.CharField(
        max_length=2, blank=True, help_text="ISO 3166 code: how numbers without + are read"
    )
    postal_address = models.TextField(blank=True, help_text="stands under every automatic mail")
    legal_name = models.CharField(
        max_length=200, blank=True, help_text="who sends, under every automatic mail; empty: the name"
    )
    confirm_above = models.PositiveIntegerField(
        default=500, help_text="activating a sequence for more people than that asks for their number"
    )
    sending_paused_at = models.DateTimeField(
        null=True, blank=True, help_text="nothing leaves; written by messaging.halts alone"
    )
    has_linkedin = models.BooleanField(
        default=False, db_default=False, help_text="steps on LinkedIn can be added to sequences (D-12)"
    )
    is_trial = models.BooleanField(default=False, help_text="mails go only to the trial list")
    is_scratch = models.BooleanField(default=False, help_text="lives only inside a simulation")
    created_at = models.DateTimeField(default=now)

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """A postal address that mails have been sent with is not taken away (tenants.commands.change_workspace)."""
        had = Tenant.objects.filter(pk=self.pk).exclude(postal_address="").exists()
        if had and not self.postal_address.strip():
            raise ValidationError({"postal_address": KEEPS_ADDRESS})

    @property
    def identity(self) -> str:
        """Who sends, as it stands under mails."""
        return self.legal_name or self.name


class UserManager(BaseUserManager["User"]):
    """Makes users, whose name for signing in is their e-mail address."""

    def create_user(self, email: str, password: str | None = None, **extra: Any) -> User:
        user = self.model(email=self.normalize_email(email).lower(), **extra)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **extra: Any) -> User:
        return self.create_user(email, password, is_staff=True, is_superuser=True, **extra)

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email__iexact=username)


class User(AbstractBaseUser, PermissionsMixin):
    """A person who signs in. Outside the wall: one person may be a member of several tenants."""

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=200, blank=True)
    is_staff = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    date_joined = models.DateTimeField(default=now)

    USERNAME_FIELD = "email"
    objects: ClassVar[UserManager] = UserManager()

    def __str__(self) -> str:
        return self.name or self.email

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name.split(" ")[0] or self.email


class Membership(models.Model):
    """That a user belongs to a tenant. Outside the wall: it is read before the tenant is known."""

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "user"], name="membership_once")]

    def __str__(self) -> str:
        return f"{self.user} in {self.tenant}"

    def member(self) -> Member | None:
        """The active member behind it; call it inside ``use(membership.tenant_id)``."""
        found = Member.objects.select_related("role", "team", "user")
        return found.filter(user_id=self.user_id, is_active=True).first()


class TenantModel(models.Model):
    """A row behind the wall. Every model derived from it is named in an operation Wall of its migration."""

    id = models.BigAutoField(primary_key=True)
    # No constraint: the policy lets no other tenant in, and a check for each of 200,000 rows of a run is not free.
    tenant = models.ForeignKey(
        Tenant,
        models.CASCADE,
        related_name="+",
        db_index=False,
        db_constraint=False,
        editable=False,
        db_default=CurrentTenant(),
    )

    class Meta:
        abstract = True


class Team(TenantModel):
    """Members who are led together."""

    name = models.CharField(max_length=100)
    name_norm = lowered("name")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "name_norm"], name="team_name_once")]

    def __str__(self) -> str:
        return self.name


class Role(TenantModel):
    """What its members may do: ``permissions`` maps an action of tenants.policy to none, own, team or all."""

    name = models.CharField(max_length=100)
    name_norm = lowered("name")
    key = models.SlugField(
        max_length=40, blank=True, db_index=False, help_text="of a ready role; empty: custom"
    )
    permissions = models.JSONField(default=dict)
    emails_per_day = models.PositiveIntegerField(null=True, blank=True, help_text="empty: the plan's limit")
    sequences_per_user = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "name_norm"], name="role_name_once")]

    def __str__(self) -> str:
        return self.name

    @property
    def is_ready(self) -> bool:
        """One of those that every workspace has: what it permits stays, its limits may be changed."""
        return bool(self.key)


class Member(TenantModel):
    """What a user is in this tenant: role, team, zone, limit, signature. Owner of records and sequences; a sender."""

    user = models.ForeignKey(User, models.PROTECT, related_name="members", db_index=False)
    role = TenantForeignKey(Role, models.PROTECT)
    team = TenantForeignKey(Team, models.SET_NULL, null=True, blank=True)
    is_active = models.BooleanField(default=True)
    timezone = TimeZoneField(default="UTC", use_pytz=False)
    emails_per_day = models.PositiveIntegerField(null=True, blank=True, help_text="empty: the role's limit")
    signature = models.TextField(blank=True, help_text="HTML with placeholders, under the member's mails")
    sending_paused_at = models.DateTimeField(
        null=True, blank=True, help_text="nothing leaves in their name; written by messaging.halts alone"
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "user"], name="member_once")]

    def __str__(self) -> str:
        return str(self.user)

    @property
    def daily_limit(self) -> int:
        """How many automatic e-mails may be made for them on a day of their zone."""
        limits = (self.emails_per_day, self.role.emails_per_day, EMAILS_PER_DAY)
        return next(limit for limit in limits if limit is not None)

    @property
    def name(self) -> str:
        return self.user.name or self.user.email

    @property
    def email(self) -> str:
        return self.user.email


class AuditLine(TenantModel):
    """Who did what to which object, before and after. Append-only."""

    at = models.DateTimeField()
    member = TenantForeignKey(Member, models.SET_NULL, null=True)
    verb = models.CharField(max_length=60)
    object_type = models.CharField(max_length=40)
    object_id = models.BigIntegerField(null=True)
    data = models.JSONField(default=dict)

    class Meta:
        indexes = [
            models.Index(fields=["tenant", "-at"], name="audit_by_time"),
            models.Index(fields=["tenant", "object_type", "object_id", "-at"], name="audit_by_object"),
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.object_type} {self.object_id}"
