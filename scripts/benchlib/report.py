"""The table as text and as docs/PERFORMANCE.md, whose head belongs to people."""

from .machine import ROOT
from .rows import cells

DOCUMENT = ROOT / "docs" / "PERFORMANCE.md"
MARK = "<!-- From here on scripts/bench --write writes. -->"
COLUMNS = ["what", "database", "value", "yardstick", "ratio", "goal", "met"]
HEAD = """# How fast Minitwit is, and how to check it

```sh
scripts/bench            # all of it: a quarter of an hour at most; exit status 1 if a goal is missed
scripts/bench --quick    # does it run? smaller and shorter, its figures are worth little
scripts/bench --only home    # the rows whose text the expression fits
```

One command builds the release binary, starts it with two workers and otherwise default settings beside a throwaway Postgres (whose settings are the package's: fsync and synchronous_commit are on), fills both databases with `minitwit seed`, and measures.
Load generator, server and database share one machine and its loopback.

A value alone says how fast the machine is.
So each is held against a yardstick in the same run, in turns: value, yardstick, value, yardstick, …; the ratio is taken pair by pair, and the table shows the median and, in brackets, the lowest and the highest.
Values and yardsticks are medians too.
Differences under 15 % are noise.

- **Fixed bytes**: `examples/yardstick.rs`, actix-web with two workers, without middleware, log or database, answering every GET with so many bytes, and every POST with 204.
- **/public, uncached**: Minitwit itself, asked for the public timeline from a place that nothing is kept for: the same thirty messages, queried and rendered for each request.
- **pgbench** runs prepared statements from as many clients over TCP; those of the home timeline are read off Postgres' log while Minitwit serves the page.
- **In process**: the mean of Minitwit's own histogram of database work, `minitwit_db_query_duration_seconds`, while one client asks for pages.
- Memory is resident memory. A start is timed from before the process is made, polling every half millisecond.

The log is JSON and goes to /dev/null: at 60,000 lines a second a disk would be measured that is Postgres' too.
One thing is not as users get it: while newcomers register and sign in, the limits for one address are off, as all eight come from one.
`cargo bench` measures what needs no database: escaping, identicons, parsing.
"""


def as_text(table):
    """Columns side by side."""
    lines = [COLUMNS, *(cells(row) for row in table.rows)]
    widths = [max(len(line[at]) for line in lines) for at in range(len(COLUMNS))]
    padded = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in lines]
    failures = [f"{row.what}, {row.database}: {row.failure}" for row in table.rows if row.failure]
    return "\n".join([padded[0], "-" * len(padded[0]), *padded[1:], "", *table.notes, *failures, verdict(table)])


def verdict(table):
    asked, missed = [row for row in table.rows if row.goal], table.missed()
    return f"{len(asked) - len(missed)} of {len(asked)} goals met."


def write(table, facts):
    """Replaces the table in the document and leaves alone what stands above the mark."""
    head = DOCUMENT.read_text(encoding="utf-8").split(MARK)[0].rstrip() if DOCUMENT.exists() else HEAD.rstrip()
    lines = [head, "", MARK, "", "## The machine", "", "| | |", "| --- | --- |"]
    lines += [f"| {what} | {value} |" for what, value in facts]
    lines += ["", "## The goals", "", f"**{verdict(table)}**", "", _line(COLUMNS), _line(["---"] * len(COLUMNS))]
    lines += [_line(cells(row)) for row in table.rows]
    lines += ["", *(f"- {note}" for note in table.notes)]
    DOCUMENT.write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")


def _line(texts):
    return "| " + " | ".join(text.replace("|", "\\|") for text in texts) + " |"
