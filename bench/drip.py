"""django-drip-campaigns on the same people and text: ``python -m bench.drip COUNT`` prints the seconds it took."""

from __future__ import annotations

import os
import sys
import time

from bench.letter import FIRST_NAMES, drip_body, drip_subject


def main(count: int) -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "bench.drip_settings"
    import django

    django.setup()
    from django.contrib.auth.models import User
    from django.core.management import call_command
    from drip.models import Drip, QuerySetRule

    call_command("migrate", verbosity=0)
    call_command("flush", interactive=False, verbosity=0)
    User.objects.bulk_create(
        User(username=f"u{i}", email=f"d{i}@bench.example", first_name=FIRST_NAMES[i % len(FIRST_NAMES)])
        for i in range(count)
    )
    drip = Drip.objects.create(
        name="Bench", enabled=True, subject_template=drip_subject(), body_html_template=drip_body()
    )
    QuerySetRule.objects.create(drip=drip, field_name="is_active", lookup_type="exact", field_value="True")
    start = time.perf_counter()
    call_command("send_drips")
    print(time.perf_counter() - start)


if __name__ == "__main__":
    main(int(sys.argv[1]))
