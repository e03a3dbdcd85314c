"""Our own rules for docker-compose.yml, swarm-stack.yml and the Dockerfile, which no schema knows.

deployment.py   reads the files, with their variables filled in
house.py        who may do what: networks, ports, rights, each with its reason
running.py      rules about how a service runs: image, health, limits, log, restart, update
guarding.py     rules about what it may reach and do: ports, networks, rights, secrets
wiring.py       rules about what belongs together: both files, configurations, variables, the Dockerfile
rules.py        all of them; `python -m checklib` runs them, one line each
test_*.py       for each rule, real files with one thing broken, which it has to notice; broken.py is their frame
broken_project.py   scripts/check-config as a whole, in a copy where everything is broken

A rule is a function that takes a Deployment and yields complaints. Its doc is what it demands.
"""
