import django.db.models.deletion
from django.db import migrations, models

import tenants.fields
import tenants.operations


class Migration(migrations.Migration):
    dependencies = [
        ("messaging", "0002_delivery"),
        ("tenants", "0001_initial"),
    ]

    operations = [
        migrations.AlterField(
            model_name="message",
            name="attempts",
            field=models.SmallIntegerField(
                db_default=0,
                default=0,
                help_text="times it was rescued from a worker that died: five are poison",
            ),
        ),
        migrations.AddField(
            model_name="payload",
            name="copy",
            field=models.BinaryField(
                help_text="the bytes for Cc and Bcc, in envelopes of their own: without tracking", null=True
            ),
        ),
        migrations.CreateModel(
            name="Untold",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
                (
                    "message",
                    tenants.fields.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="messaging.message",
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        db_constraint=False,
                        db_default=tenants.fields.CurrentTenant(),
                        db_index=False,
                        editable=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="tenants.tenant",
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("tenant", "message"), name="untold_once")],
            },
        ),
        tenants.operations.Wall("Untold"),
    ]
