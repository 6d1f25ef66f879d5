"""A member who is signed in, and what stands on the pages they get."""

from __future__ import annotations

import re

from django.test import Client

from tenants.models import Tenant
from tests.pages.signing_in import sign_in


class Somebody:
    """A new member of a workspace at a browser without a window."""

    def __init__(self, client: Client, tenant: Tenant, role: str = "admin") -> None:
        self.client, self.tenant = client, tenant
        self.member = sign_in(client, tenant, role)

    def get(self, path: str, **headers: str) -> str:
        """The page at an address, which must answer."""
        response = self.client.get(path, headers=headers)
        assert response.status_code == 200, response.status_code
        return response.content.decode()


def words(html: str) -> str:
    """What stands between the tags of the page's main part."""
    main = html.partition('<main id="main"')[2].partition("</main>")[0] or html
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", main))


def names(html: str) -> list[str]:
    """The names of the rows of a list."""
    return re.findall(r'class="row-link" href="/[a-z]+/\d+/">([^<]*)<', html)
