"""The parts of scripts/bench, from the ground up:

processes.py   a process of ours from its start to its end, and how it is asked
machine.py     installing, building, describing the machine
load.py        wrk, pgbench, a client that asks one thing after the other
world.py       the databases, servers and tools that measurements need
rows.py        a row of the table: samples in pairs, goals
reads.py queries.py footprint.py simulators.py writes.py   what is measured
report.py      the table, and docs/PERFORMANCE.md

Python's standard library only. No part knows those below it in this list.
"""
