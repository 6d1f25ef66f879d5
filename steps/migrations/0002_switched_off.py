from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("steps", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="step",
            name="is_off",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="stays in the plan and does nothing (semantics 3.5)",
            ),
        ),
    ]
