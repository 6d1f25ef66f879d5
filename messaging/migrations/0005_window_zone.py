from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("messaging", "0004_numbers"),
    ]

    operations = [
        migrations.AddField(
            model_name="mailing",
            name="window_zone",
            field=models.TextField(
                blank=True, db_default="", default="", help_text="for contacts with neither zone nor country"
            ),
        ),
    ]
