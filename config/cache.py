"""How values lie in the cache."""

import json
from typing import Any


class JSONSerializer:
    """JSON instead of pickle: who can write to Redis must not be able to run code in our processes."""

    def dumps(self, value: Any) -> bytes | int:
        """`value` as bytes; integers stay integers, so that Redis can count with them."""
        return value if type(value) is int else json.dumps(value).encode()

    def loads(self, data: bytes) -> Any:
        """The value again (tuples come back as lists)."""
        return json.loads(data)
