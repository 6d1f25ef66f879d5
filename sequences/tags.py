"""Tags of sequences: words, or paths of words such as ``Region/EMEA``, which nest (screens X5). Pure."""

from __future__ import annotations

from collections.abc import Iterable

BETWEEN = "/"
MOST_LEVELS = 4
MOST_ON_A_LEVEL = 100
LONGEST = 30
"""Characters of one word of a path."""


class WrongTag(ValueError):
    """The tag cannot be given; the message is fit for a person."""


def read(text: str) -> str:
    """``Region /  EMEA`` → ``Region/EMEA``; empty where there is no word. Raises WrongTag."""
    words = [" ".join(word.split()) for word in text.split(BETWEEN)]
    if not any(words):
        return ""
    if not all(words):
        raise WrongTag(f"“{text.strip()[:60]}” has nothing on one side of a slash.")
    if len(words) > MOST_LEVELS:
        raise WrongTag(f"Tags nest {MOST_LEVELS} levels deep; “{text.strip()[:60]}” has {len(words)}.")
    for word in words:
        if len(word) > LONGEST:
            raise WrongTag(f"“{word[:20]}…” is longer than {LONGEST} characters.")
    return BETWEEN.join(words)


def above(tag: str) -> list[str]:
    """The tag after all under which it stands: ``a/b/c`` → ``a``, ``a/b``, ``a/b/c``."""
    words = tag.split(BETWEEN)
    return [BETWEEN.join(words[: n + 1]) for n in range(len(words))]


def is_under(tag: str, other: str) -> bool:
    """Whether it is the other one or stands somewhere under it, without case."""
    tag, other = tag.casefold(), other.casefold()
    return tag == other or tag.startswith(other + BETWEEN)


def require_room(known: Iterable[str], new: Iterable[str]) -> None:
    """Raises WrongTag where a new tag would be one too many on its level."""
    levels: dict[str, set[str]] = {}
    for tag in (*known, *new):
        for path in above(tag.casefold()):
            levels.setdefault(path.rpartition(BETWEEN)[0], set()).add(path)
    known_ = {path for tag in known for path in above(tag.casefold())}
    for tag in new:
        for path in above(tag):
            parent = path.casefold().rpartition(BETWEEN)[0]
            if path.casefold() not in known_ and len(levels[parent]) > MOST_ON_A_LEVEL:
                where = f"under “{path.rpartition(BETWEEN)[0]}”" if parent else "on the first level"
                raise WrongTag(f"There are {MOST_ON_A_LEVEL} tags {where} already.")


def tree(tags: Iterable[str]) -> list[tuple[str, str]]:
    """All tags and those above them, in order, each with its last word, indented by its level."""
    paths: dict[str, str] = {}
    for tag in tags:
        for path in above(tag):
            paths.setdefault(path.casefold(), path)
    in_order = sorted(paths.values(), key=lambda path: path.casefold().split(BETWEEN))
    return [(path, "\u2003" * path.count(BETWEEN) + path.rpartition(BETWEEN)[2]) for path in in_order]
