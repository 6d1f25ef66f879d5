from django.db import migrations


class Migration(migrations.Migration):
    """What operators do goes to the log (config/admin_site.py). This table stands outside the wall, so it stays empty."""

    dependencies = [("admin", "0003_logentry_add_action_flag_choices")]

    operations = [
        migrations.RunSQL(
            "ALTER TABLE django_admin_log ADD CONSTRAINT django_admin_log_stays_empty CHECK (false)",
            "ALTER TABLE django_admin_log DROP CONSTRAINT django_admin_log_stays_empty",
        )
    ]
