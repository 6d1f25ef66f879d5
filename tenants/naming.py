"""Names that nobody has yet."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

COPY = re.compile(r" \(copy(?: \d+)?\)$")
TRIES = 1_000


def free_name(
    name: str,
    is_free: Callable[[str], bool],
    *,
    taken: Iterable[str] = (),
    is_copy: bool = False,
    most: int = 0,
) -> str:
    """The name, else ``name (2)``, ``name (3)``: the first that is free and not among ``taken``, without case.

    ``is_copy``: ``name (copy)``, ``name (copy 2)`` instead, also of a copy. ``most``: so many characters it may have.
    """
    stem = COPY.sub("", name) if is_copy else name
    lowered = {one.casefold() for one in taken}
    for n in range(1, TRIES):
        number = f" {n}" if n > 1 else ""
        end = f" (copy{number})" if is_copy else f" ({n})" if n > 1 else ""
        found = f"{stem[: most - len(end)].rstrip() if most else stem}{end}"
        if found.casefold() not in lowered and is_free(found):
            return found
    raise ValueError(f"a thousand are called “{name}”")
