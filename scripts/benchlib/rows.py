"""A row of the table: samples in pairs, what was hoped for, and whether it came."""

import dataclasses
import statistics
from typing import Callable, Optional

from .machine import busy_percent, say
from .processes import BenchError


@dataclasses.dataclass
class Goal:
    """What a ratio (or, without a yardstick, a value) should be."""

    text: str
    is_met: Callable[[float], bool]
    of_ratio: bool = True


def at_least(ratio, reach=None):
    """So much of the yardstick; `reach` is what one would like and nobody asks for."""
    return Goal(f"≥ {ratio}" + (f", reach for {reach}" if reach else ""), lambda value: value >= ratio)


def at_most(ratio):
    """No more than so many times the yardstick."""
    return Goal(f"≤ {ratio}×", lambda value: value <= ratio)


def below(limit, unit):
    """A value under a limit, whatever the yardstick."""
    return Goal(f"< {limit} {unit}", lambda value: value < limit, of_ratio=False)


@dataclasses.dataclass
class Row:
    """One line: `pairs` holds (value, yardstick), the yardstick None where there is none."""

    what: str
    database: str
    unit: str
    goal: Optional[Goal]
    yardstick_name: str = ""
    pairs: list = dataclasses.field(default_factory=list)
    failure: str = ""
    # Percent of the processors that others took just before.
    disturbance: float = 0

    @property
    def value(self):
        return statistics.median(value for value, _ in self.pairs)

    @property
    def yardstick(self):
        known = [yardstick for _, yardstick in self.pairs if yardstick is not None]
        return statistics.median(known) if known else None

    @property
    def ratios(self):
        return sorted(value / yardstick for value, yardstick in self.pairs if yardstick)

    @property
    def is_met(self):
        """None where nothing was asked for."""
        if self.goal is None or self.failure:
            return False if self.goal else None
        return self.goal.is_met(statistics.median(self.ratios) if self.goal.of_ratio else self.value)

    def cells(self):
        """As texts: what, database, value, yardstick, ratio, goal, met."""
        met = {None: "", True: "yes", False: "NO"}[self.is_met]
        goal = self.goal.text if self.goal else ""
        if self.failure:
            return [self.what, self.database, "not measured", "", "", goal, met]
        yardstick, ratio, ratios = figure(self.yardstick, self.unit), "", self.ratios
        yardstick += f" ({self.yardstick_name})" if yardstick and self.yardstick_name else ""
        if ratios:
            ratio = f"{statistics.median(ratios):.2f}"
            ratio += f" ({ratios[0]:.2f}–{ratios[-1]:.2f})" if len(ratios) > 1 else ""
        return [self.what, self.database, figure(self.value, self.unit), yardstick, ratio, goal, met]

    def __str__(self):
        """One line of progress."""
        what, database, value, yardstick, ratio, goal, met = self.cells()
        text = f"  {what}, {database}: {self.failure or value}"
        text += f" against {yardstick}: {ratio}" if yardstick else ""
        return text + (f"; goal {goal}: {met}" if goal else "")


def figure(value, unit):
    """Three digits that count, thousands apart."""
    if value is None:
        return ""
    digits = 0 if value >= 100 else 1 if value >= 10 else 2 if value >= 1 else 3
    return f"{value:,.{digits}f}{unit if unit.startswith('/') else ' ' + unit}"


class Table:
    """The rows so far; which ones are wanted; how often and how long is sampled."""

    def __init__(self, pattern, pairs, seconds):
        self.pattern, self.pairs, self.seconds = pattern, pairs, seconds
        self.rows, self.notes = [], []

    def wants(self, what, database):
        return self.pattern.search(f"{what}, {database}") is not None

    def add(self, what, database, unit, goal, measure, yardstick_name=""):
        """Adds a row if it is wanted. `measure()` gives the list of pairs; what it cannot measure is a row that
        says so, and the run goes on."""
        if not self.wants(what, database):
            return
        row = Row(what, database, unit, goal, yardstick_name, disturbance=busy_percent(0.2))
        try:
            row.pairs = measure()
        except (BenchError, OSError, ValueError) as why:
            row.failure = f"{why}"
        self.rows.append(row)
        say(row)

    def alternate(self, value, yardstick, warm_up=True):
        """A function that samples A B A B …, each with the number of seconds, and gives the pairs."""

        def measure():
            if warm_up:
                value(min(1, self.seconds))
                yardstick(min(1, self.seconds))
            return [(value(self.seconds), yardstick(self.seconds)) for _ in range(self.pairs)]

        return measure

    def broke(self, part, why):
        """A whole part could not be measured: that is a row too, and a goal missed."""
        never = Goal("measured", lambda _: False)
        self.rows.append(Row(f"all of {part}.py that is not above", "", "", never, failure=f"{why}"))
        say(self.rows[-1])

    def note(self, text):
        """Something that a reader of the table should know."""
        self.notes.append(text)

    def disturbed(self):
        """How many rows began while others worked on the machine too."""
        return sum(row.disturbance > 20 for row in self.rows)

    def missed(self):
        return [row for row in self.rows if row.is_met is False]
