"""``manage.py simulate FILE…``: live through scenario files (semantics 6.1)."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from audience.catalogue import CannotMakeField
from sequences.files.scenario import FaultyFile, FileFault, read_scenario
from sequences.files.specs import Scenario
from sequences.simulate.life import simulate
from sequences.trace import difference_json, differences, event_json, fault_json, in_order, lines

AS_EXPECTED, DIFFERENT, NOT_UNDERSTOOD = 0, 1, 2


class Command(BaseCommand):
    help = "Lives through scenario files on a virtual clock, prints what happens, compares it with what they expect."
    requires_system_checks: list[str] = []  # of settings and addresses, which no scenario depends on

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", metavar="FILE")
        parser.add_argument("--json", action="store_true", help="one object a line")

    def handle(self, *args: Any, files: list[str], **options: Any) -> None:
        found = []
        for file in files:
            if len(files) > 1 and not options["json"]:
                self.stdout.write(f"# {file}")
            found.append(self.live_through(file, as_json=options["json"]))
        if any(found):
            sys.exit(max(found))

    def live_through(self, file: str, *, as_json: bool) -> int:
        """One file; its status."""
        try:
            scenario = read(file)
        except FaultyFile as faulty:
            return self.not_understood(faulty.faults, as_json=as_json)
        try:
            trace = simulate(scenario)
        except CannotMakeField as cannot:
            return self.not_understood([FileFault(file, "file", str(cannot))], as_json=as_json)
        printed = lines(trace, named=len(scenario.sequences) > 1)
        for text in [event_json(file, e) for e in in_order(trace)] if as_json else printed:
            self.stdout.write(text)
        return self.compare(file, scenario, printed, as_json=as_json)

    def not_understood(self, faults: list[FileFault], *, as_json: bool) -> int:
        for fault in faults:
            text = fault_json(fault.file, fault.place, fault.reason) if as_json else str(fault)
            self.stderr.write(text, style_func=str)
        return NOT_UNDERSTOOD

    def compare(self, file: str, scenario: Scenario, printed: list[str], *, as_json: bool) -> int:
        if scenario.expect is None:
            return AS_EXPECTED
        found = differences(scenario.expect, printed)
        for sign, line in found:
            self.stderr.write(
                difference_json(file, sign, line) if as_json else f"{sign} {line}", style_func=str
            )
        return DIFFERENT if found else AS_EXPECTED


def read(file: str) -> Scenario:
    """The scenario of a file. Raises FaultyFile."""
    try:
        text = Path(file).read_text(encoding="utf-8")
    except OSError as error:
        raise FaultyFile([FileFault(file, "file", error.strerror or "it cannot be read")]) from None
    except UnicodeDecodeError:
        raise FaultyFile([FileFault(file, "file", "it is no UTF-8 text")]) from None
    return read_scenario(text, file=file)
