"""Records: what an audience is made of."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, ClassVar

from django.db import models

from audience import derived
from audience.models.slots import Slots
from tenants.fields import TenantForeignKey, lowered
from tenants.models import Member, Tenant, TenantModel
from tenants.wall import current_id

NOT_YET_CONTACTED = "Not yet contacted"


def text() -> models.TextField:
    return models.TextField(blank=True, default="", db_default="")


class Activity(models.Model):
    """Fields kept by events, the latest wins (semantics 6.5). Written by audience.activity alone."""

    created_at = models.DateTimeField()
    last_sent_at = models.DateTimeField(null=True, blank=True)
    last_opened_at = models.DateTimeField(null=True, blank=True)
    last_clicked_at = models.DateTimeField(null=True, blank=True)
    last_replied_at = models.DateTimeField(null=True, blank=True)
    last_activity_at = models.DateTimeField(null=True, blank=True)
    last_contacted_mode = models.TextField(
        blank=True, default=NOT_YET_CONTACTED, db_default=NOT_YET_CONTACTED
    )
    last_contacted_mode_norm = lowered("last_contacted_mode")
    last_activity_type = text()
    last_activity_type_norm = lowered("last_activity_type")

    class Meta:
        abstract = True


class Account(Activity, Slots, TenantModel):
    """A company. Screens say company."""

    name = text()
    name_norm = lowered("name")
    website = text()
    website_norm = lowered("website")
    industry = text()
    industry_norm = lowered("industry")
    phone = text()
    phone_norm = lowered("phone")
    country = text()
    country_norm = lowered("country")
    city = text()
    city_norm = lowered("city")
    employees = models.FloatField(null=True, blank=True)
    owner = TenantForeignKey(Member, models.SET_NULL, null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["tenant", "name_norm", "id"], name="account_by_name"),
            models.Index(fields=["tenant", "owner"], name="account_by_owner"),
        ]

    def __str__(self) -> str:
        return self.name


def home_region() -> Callable[[], str]:
    """Asks once for the country of the tenant in use: how numbers without + are read where the contact names none."""
    return lru_cache(maxsize=1)(lambda: Tenant.objects.values_list("country", flat=True).get(pk=current_id()))


class ContactQuerySet(models.QuerySet["Contact", "Contact"]):
    """Contacts as a set; derived columns are kept here, too."""

    def bulk_create(self, objs: Iterable[Any], *args: Any, **kwargs: Any) -> list[Any]:
        contacts, region = list(objs), home_region()
        for contact in contacts:
            contact.derive(region)
        return super().bulk_create(contacts, *args, **kwargs)

    def update(self, **values: Any) -> int:
        """As Django's. What follows from a value that is set must be set with it: see audience.records."""
        for column, sources in derived.SOURCES.items():
            assert column in values or not sources & values.keys(), f"{column} would be out of date"
        return super().update(**values)


class Contact(Activity, Slots, TenantModel):
    """A person. A lead is a contact in a lead stage. Older means the smaller id: ids are given in order of creation."""

    email = text()
    email_norm = models.TextField(
        null=True,
        blank=True,
        editable=False,
        help_text="audience.addresses.normalise_address(email), NULL when none",
    )
    email_lowered = lowered("email", help_text="as conditions on parts of it compare (semantics 6.4)")
    first_name = text()
    first_name_norm = lowered("first_name")
    last_name = text()
    last_name_norm = lowered("last_name")
    job_title = text()
    job_title_norm = lowered("job_title")
    phone = text()
    phone_norm = lowered("phone")
    mobile = text()
    mobile_norm = lowered("mobile")
    sms_number = models.TextField(
        null=True,
        blank=True,
        editable=False,
        help_text="the mobile number, else the phone, in E.164 where it is one",
    )
    country = text()
    country_norm = lowered("country")
    city = text()
    city_norm = lowered("city")
    timezone = text()
    timezone_norm = lowered("timezone")
    language = text()
    language_norm = lowered("language")
    source = text()
    source_norm = lowered("source")
    lifecycle_stage = text()
    lifecycle_stage_norm = lowered("lifecycle_stage")
    score = models.FloatField(null=True, blank=True)
    owner = TenantForeignKey(Member, models.SET_NULL, null=True, blank=True)
    account = TenantForeignKey(Account, models.SET_NULL, null=True, blank=True, help_text="the primary one")

    objects: ClassVar[models.Manager[Contact]] = ContactQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["tenant", "email_norm"], name="contact_by_email"),
            models.Index(fields=["tenant", "email_lowered", "id"], name="contact_by_email_text"),
            models.Index(fields=["tenant", "first_name_norm", "id"], name="contact_by_first_name"),
            models.Index(fields=["tenant", "last_name_norm", "id"], name="contact_by_last_name"),
            models.Index(fields=["tenant", "account"], name="contact_by_account"),
            models.Index(fields=["tenant", "owner"], name="contact_by_owner"),
            models.Index(fields=["tenant", "lifecycle_stage_norm", "id"], name="contact_by_stage"),
            models.Index(fields=["tenant", "created_at", "id"], name="contact_by_arrival"),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, update_fields: Iterable[str] | None = None, **kwargs: Any) -> None:
        self.derive(home_region())
        if update_fields is not None:
            names = set(update_fields)
            update_fields = names | {column for column, of in derived.SOURCES.items() if of & names}
        super().save(*args, update_fields=update_fields, **kwargs)

    def derive(self, region: Callable[[], str]) -> None:
        """Set the columns that follow from others."""
        self.email_norm = derived.email_norm(self.email)
        self.sms_number = derived.sms_number(self.mobile, self.phone, self.country, region)

    @property
    def name(self) -> str:
        return (
            f"{self.first_name} {self.last_name}".strip() or self.email or self.phone or f"Contact {self.pk}"
        )


class ContactAddress(TenantModel):
    """A further e-mail address of a contact: mail from it is the contact's, nothing is sent to it by itself."""

    contact = TenantForeignKey(Contact, models.CASCADE, related_name="further_addresses")
    email = models.TextField()
    email_norm = models.TextField(editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "contact", "email_norm"], name="contact_address_once")
        ]
        indexes = [models.Index(fields=["tenant", "email_norm"], name="contact_address_by_email")]

    def __str__(self) -> str:
        return self.email


class Opportunity(Slots, TenantModel):
    """A deal; its contact is the primary one."""

    name = text()
    name_norm = lowered("name")
    amount = models.FloatField(null=True, blank=True)
    stage = text()
    stage_norm = lowered("stage")
    close_on = models.DateField(null=True, blank=True)
    owner = TenantForeignKey(Member, models.SET_NULL, null=True, blank=True)
    account = TenantForeignKey(Account, models.SET_NULL, null=True, blank=True)
    contact = TenantForeignKey(Contact, models.SET_NULL, null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["tenant", "name_norm", "id"], name="opportunity_by_name"),
            models.Index(fields=["tenant", "contact"], name="opportunity_by_contact"),
            models.Index(fields=["tenant", "account"], name="opportunity_by_account"),
            models.Index(fields=["tenant", "owner"], name="opportunity_by_owner"),
            models.Index(fields=["tenant", "stage_norm", "id"], name="opportunity_by_stage"),
            models.Index(fields=["tenant", "close_on", "id"], name="opportunity_by_close"),
        ]

    def __str__(self) -> str:
        return self.name


class RecordTag(TenantModel):
    """One label of a record: of its field ``tags`` (``field`` is NULL), or of a custom field of type tags."""

    field = TenantForeignKey("audience.CustomField", models.CASCADE, null=True, blank=True)
    label = models.TextField()
    label_norm = lowered("label")

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.label


class ContactTag(RecordTag):
    """A label of a contact."""

    record = TenantForeignKey(Contact, models.CASCADE, related_name="tags")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "record", "field", "label_norm"],
                name="contact_tag_once",
                nulls_distinct=False,
            )
        ]
        indexes = [models.Index(fields=["tenant", "label_norm", "record"], name="contact_tag_by_label")]


class AccountTag(RecordTag):
    """A label of an account."""

    record = TenantForeignKey(Account, models.CASCADE, related_name="tags")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "record", "field", "label_norm"],
                name="account_tag_once",
                nulls_distinct=False,
            )
        ]
        indexes = [models.Index(fields=["tenant", "label_norm", "record"], name="account_tag_by_label")]


class OpportunityTag(RecordTag):
    """A label of an opportunity: only custom fields of type tags."""

    record = TenantForeignKey(Opportunity, models.CASCADE, related_name="tags")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "record", "field", "label_norm"],
                name="opportunity_tag_once",
                nulls_distinct=False,
            )
        ]
        indexes = [models.Index(fields=["tenant", "label_norm", "record"], name="opportunity_tag_by_label")]
