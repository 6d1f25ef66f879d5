"""The workload on a database of its own, for tests that kill the database: ``python -m tests.kill.elsewhere VERB …``.

``make PORT COUNT`` makes so many messages due now; ``states`` prints how many are in which state; ``rows`` prints each
message's address and state. The addresses of the services come from the environment.
"""

from __future__ import annotations

import json
import sys

import django


def main(verb: str, *arguments: str) -> object:
    """Do it, and return what to print."""
    django.setup()
    from django.core.management import call_command
    from django.utils.timezone import now

    from messaging.models import Message
    from tenants.models import Tenant
    from tenants.wall import use
    from tests.kill.workload import make_messages, states

    if verb == "make":
        call_command("migrate", verbosity=0)
        port, count = arguments
        return make_messages(int(port), int(count), at=now()).slug
    tenant = Tenant.objects.get()
    if verb == "states":
        return states(tenant)
    with use(tenant):
        return list(Message.objects.values_list("address_norm", "state"))


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
