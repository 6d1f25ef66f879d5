from django.db import migrations, models

import tenants.fields
import tenants.operations


class Migration(migrations.Migration):
    dependencies = [
        ("messaging", "0003_untold"),
        ("tenants", "0001_initial"),
    ]

    operations = [
        migrations.RemoveIndex(model_name="stopevent", name="stop_in_force"),
        migrations.AddField(
            model_name="stopevent",
            name="number",
            field=models.BigIntegerField(
                default=0, help_text="of the advisory lock that stands for scope and key"
            ),
            preserve_default=False,
        ),
        migrations.AddIndex(
            model_name="stopevent",
            index=models.Index(
                condition=models.Q(("lifted_at__isnull", True)),
                fields=["tenant", "number"],
                name="stop_standing",
            ),
        ),
        migrations.DeleteModel(name="Untold"),
        migrations.CreateModel(
            name="Untold",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "tenant",
                    models.ForeignKey(
                        db_constraint=False,
                        db_default=tenants.fields.CurrentTenant(),
                        db_index=False,
                        editable=False,
                        on_delete=models.deletion.CASCADE,
                        related_name="+",
                        to="tenants.tenant",
                    ),
                ),
                ("message_id", models.BigIntegerField()),
                ("contact_id", models.BigIntegerField()),
                ("at", models.DateTimeField()),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("tenant", "message_id"), name="untold_once")],
            },
        ),
        tenants.operations.Wall("Untold"),
    ]
