"""The parts of scripts/bench, from the ground up:

processes.py   starting and stopping Postgres, Minitwit and the yardstick
machine.py     installing, building, describing the machine
load.py        wrk, pgbench, a client that asks one thing after the other
world.py       the databases and servers that measurements need
rows.py        a row of the table: samples in pairs, goals
reads.py queries.py writes.py scenario.py storm.py footprint.py   what is measured
report.py      the table, and docs/PERFORMANCE.md

Python's standard library only. No part knows those below it in this list.
"""
