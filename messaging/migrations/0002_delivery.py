import django.db.models.deletion
from django.db import migrations, models

import tenants.fields
import tenants.operations


class Migration(migrations.Migration):
    dependencies = [
        ("audience", "0001_initial"),
        ("messaging", "0001_initial"),
        ("tenants", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="MailboxDue",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("tenant_id", models.BigIntegerField()),
                ("mailbox_id", models.BigIntegerField()),
                ("due_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="MailboxUsage",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("bucket", models.DateTimeField(help_text="when the quarter began")),
                ("used", models.PositiveIntegerField(db_default=0, default=0)),
            ],
        ),
        migrations.RemoveIndex(
            model_name="message",
            name="message_due",
        ),
        migrations.AddField(
            model_name="message",
            name="held_since",
            field=models.DateTimeField(
                help_text="waits for the end of a pause; its time does not run out meanwhile (semantics 2.33)",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="message",
            name="refusals",
            field=models.SmallIntegerField(db_default=0, default=0, help_text="answers that said: not now"),
        ),
        migrations.AddField(
            model_name="stopevent",
            name="data",
            field=models.JSONField(db_default={}, default=dict, help_text="what still has to follow it"),
        ),
        migrations.AlterField(
            model_name="message",
            name="attempts",
            field=models.SmallIntegerField(
                db_default=0, default=0, help_text="claims that were not given back: five are poison"
            ),
        ),
        migrations.AlterField(
            model_name="stopevent",
            name="lifted_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                condition=models.Q(("held_since__isnull", True), ("state", "pending")),
                fields=["tenant", "mailbox", "due_at", "id"],
                name="message_waiting",
            ),
        ),
        migrations.AddIndex(
            model_name="stopevent",
            index=models.Index(
                condition=models.Q(("lifted_at__isnull", True)),
                fields=["tenant", "scope", "key"],
                name="stop_in_force",
            ),
        ),
        migrations.AddIndex(
            model_name="mailboxdue",
            index=models.Index(
                condition=models.Q(("due_at__isnull", False)), fields=["due_at"], name="mailbox_due"
            ),
        ),
        migrations.AddConstraint(
            model_name="mailboxdue",
            constraint=models.UniqueConstraint(fields=("tenant_id", "mailbox_id"), name="mailbox_due_once"),
        ),
        migrations.AddField(
            model_name="mailboxusage",
            name="mailbox",
            field=tenants.fields.TenantForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="messaging.mailbox",
            ),
        ),
        migrations.AddField(
            model_name="mailboxusage",
            name="tenant",
            field=models.ForeignKey(
                db_constraint=False,
                db_default=tenants.fields.CurrentTenant(),
                db_index=False,
                editable=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="tenants.tenant",
            ),
        ),
        migrations.AddConstraint(
            model_name="mailboxusage",
            constraint=models.UniqueConstraint(
                fields=("tenant", "mailbox", "bucket"), name="mailbox_usage_once"
            ),
        ),
        tenants.operations.Wall("MailboxUsage"),
        # The order in which gates committed, over all tenants; gaps mean nothing.
        migrations.RunSQL(
            "CREATE SEQUENCE messaging_gate_seq", "DROP SEQUENCE messaging_gate_seq", elidable=False
        ),
    ]
