"""The table as text and in docs/PERFORMANCE.md, whose head belongs to people."""

from .machine import ROOT

DOCUMENT = ROOT / "docs" / "PERFORMANCE.md"
MARK = "<!-- From here on scripts/bench --write writes. -->"
COLUMNS = ["what", "database", "value", "yardstick", "ratio", "goal", "met"]


def as_text(table):
    """Columns side by side."""
    lines = [COLUMNS, *(row.cells() for row in table.rows)]
    widths = [max(len(line[at]) for line in lines) for at in range(len(COLUMNS))]
    padded = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in lines]
    failures = [f"{row.what}, {row.database}: {row.failure}" for row in table.rows if row.failure]
    return "\n".join([padded[0], "-" * len(padded[0]), *padded[1:], "", *table.notes, *failures, verdict(table)])


def verdict(table):
    asked, missed = [row for row in table.rows if row.goal], table.missed()
    return f"{len(asked) - len(missed)} of {len(asked)} goals met."


def write(table, facts):
    """Replaces what stands below the mark."""
    lines = [DOCUMENT.read_text(encoding="utf-8").split(MARK)[0] + MARK]
    lines += ["", "## The machine", "", "| | |", "| --- | --- |", *(_line(fact) for fact in facts)]
    lines += ["", "## The goals", "", f"**{verdict(table)}**", "", _line(COLUMNS), _line(["---"] * len(COLUMNS))]
    lines += [_line(row.cells()) for row in table.rows]
    lines += ["", *(f"- {note}" for note in table.notes)]
    DOCUMENT.write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")


def _line(texts):
    return "| " + " | ".join(text.replace("|", "\\|") for text in texts) + " |"
