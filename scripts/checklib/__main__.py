"""Runs every rule over the real files: `PYTHONPATH=scripts python -m checklib`. Exit status 1 if one complains."""

import sys

from .deployment import Deployment
from .rules import RULES


def main():
    deployment = Deployment.read()
    failed = False
    for name, rule in RULES.items():
        complaints = list(rule(deployment))
        print(f"{'FAIL' if complaints else 'ok  '} rule {name}: {rule.__doc__}")
        for complaint in complaints:
            print(f"       {complaint}")
        failed = failed or bool(complaints)
    return 1 if failed else 0


sys.exit(main())
