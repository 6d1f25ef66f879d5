from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("messaging", "0005_window_zone"),
    ]

    operations = [
        migrations.AddField(
            model_name="mailboxdue",
            name="visited_until",
            field=models.DateTimeField(help_text="a worker is there, if it has not died", null=True),
        ),
    ]
