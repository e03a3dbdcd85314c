"""docs/OPERATIONS.md against what it speaks of: whoever follows it at night must not meet a name that is gone.

Where its links lead, scripts/check-config sees.
"""

import json
import re
import unittest

from project import ROOT

DOCUMENT = "docs/OPERATIONS.md"
# Options of docker compose that are followed by a value.
WITH_VALUE = {"--env", "--since", "--signal", "--tail", "--volume"}


def text(name):
    return (ROOT / name).read_text(encoding="utf-8")


def joined(pattern):
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted(ROOT.glob(pattern)))


def alert_sections(document):
    """The third-level headings below "## Alerts"."""
    section = re.search(r"^## Alerts$(.*?)(?=^## |\Z)", document, flags=re.M | re.S)
    return re.findall(r"^### (.*)$", section[1], flags=re.M) if section else []


def about_alerts(document, rules):
    alerts = re.findall(r"^\s*- alert: (\w+)$", rules, flags=re.M)
    sections = alert_sections(document)
    yield from (f"{name} has no section" for name in alerts if name not in sections)
    yield from (f"there is no alert called {name}" for name in sections if name not in alerts)
    yield from (f"{name} has two sections" for name in set(sections) if sections.count(name) > 1)
    for rule in re.split(r"^\s*- alert: ", rules, flags=re.M)[1:]:
        name = rule.split("\n")[0]
        if not re.search(rf"^\s*runbook_url: https://\S+/{DOCUMENT}#{name.lower()}$", rule, flags=re.M):
            yield f"{name} does not lead to its section"
    # Half a runbook is none.
    for name, body in re.findall(r"^### (\w+)\n(.*?)(?=^##|\Z)", document, flags=re.M | re.S):
        if name in alerts:
            parts = re.findall(r"^- \*\*(.*?)\*\*: .", body, flags=re.M)
            if parts != ["Means", "Urgent", "Look", "Causes", "Do", "Over when"]:
                yield f"{name} says {', '.join(parts)}"


def panels():
    found = set()
    for path in sorted(ROOT.glob("grafana/dashboards/*.json")):
        rows = json.loads(path.read_text(encoding="utf-8"))["panels"]
        found |= {panel["title"] for row in rows for panel in [row, *row.get("panels", [])]}
    return found


def about_panels(document, known):
    """What is in italics is a panel or a row; nothing else is."""
    prose = re.sub(r"^\s*```.*?^\s*```$|`[^`\n]*`", "", document, flags=re.M | re.S).replace("**", "")
    yield from (f"no dashboard has *{name}*" for name in re.findall(r"\*([^*\n]+)\*", prose) if name not in known)


def commands(document):
    """Everything that is typed: each line of a block, continued ones as one, and what is in the middle of a sentence."""
    blocks = "\n".join(re.findall(r"^\s*```sh\n(.*?)^\s*```$", document, flags=re.M | re.S)).replace("\\\n", " ")
    prose = re.sub(r"^\s*```.*?^\s*```$", "", document, flags=re.M | re.S)
    return [line.strip() for line in blocks.split("\n")] + re.findall(r"`([^`\n]+)`", prose)


def named_services(command):
    """The services that each `docker compose` of a command line names."""
    for verb, rest in re.findall(
        r"docker compose (?:--profile \w+ )?(exec|run|up|stop|start|restart|rm|kill|logs|images|ps)\b([^|<>&;#)]*)", command
    ):
        words = rest.split()
        while words:
            word = words.pop(0)
            if word in WITH_VALUE:
                words.pop(0)
            elif not word.startswith("-"):
                yield word
                # What follows is typed inside the container.
                if verb in ("exec", "run"):
                    break


def about_commands(document):
    stack = re.search(r"^services:$(.*?)^networks:$", text("docker-compose.yml"), flags=re.M | re.S)[1]
    # An operator who adds a replica makes the last one.
    services = {*re.findall(r"^  ([\w-]+):", stack, flags=re.M), "NAME", "minitwit-3"}
    variants = re.search(r"enum Command \{(.*?)^\}", text("src/cli/mod.rs"), flags=re.M | re.S)[1]
    names = re.findall(r"^    ([A-Z]\w+)[(,]", variants, flags=re.M)
    subcommands = {re.sub(r"\B([A-Z])", r"-\1", name).lower() for name in names}
    for command in commands(document):
        yield from (f"no service is called {name}: {command}" for name in named_services(command) if name not in services)
        for name in re.findall(r"(?:/minitwit|^minitwit|\"\$image\"|^docker compose run .*\bbackup) ([a-z][\w-]*)", command):
            if name not in subcommands:
                yield f"minitwit has no {name}: {command}"
        for name in re.findall(r"(?<![\w/.])(scripts/[\w-]+)", command):
            if not (ROOT / name).exists():
                yield f"there is no {name}"


def about_settings(document):
    known = text("docs/SETTINGS.md") + text(".env.example") + joined("deploy/caddy/*") + text("scripts/secrets")
    for name in sorted(set(re.findall(r"\b(?:MINITWIT|POSTGRES|PROMETHEUS|SECRETS|CONFIG)_\w+\b", document))):
        if not re.search(rf"\b{name}\b", known):
            yield f"there is no setting called {name}"
    for section, key in sorted(set(re.findall(r"`([a-z]+)\.([a-z_]+)`", document))):
        defaults = re.search(rf"^\[{section}\]$(.*?)(?=^\[|\Z)", text("src/config/defaults.toml"), flags=re.M | re.S)
        if defaults and not re.search(rf"^{key} = ", defaults[1], flags=re.M):
            yield f"there is no setting called {section}.{key}"


class Operations(unittest.TestCase):
    def setUp(self):
        self.document = text(DOCUMENT)
        self.rules = joined("prometheus/rules/*.yml")

    def all_complaints(self, document):
        return [
            *about_alerts(document, self.rules),
            *about_panels(document, panels()),
            *about_commands(document),
            *about_settings(document),
        ]

    def test_it_speaks_of_what_is_there(self):
        self.assertGreater(len(alert_sections(self.document)), 20)
        self.assertGreater(len([name for command in commands(self.document) for name in named_services(command)]), 50)
        self.assertEqual(self.all_complaints(self.document), [])

    def test_mistakes_are_seen(self):
        for old, new, complaint in [
            ("### AppDown", "### SiteDown", "AppDown has no section"),
            ("### AppDown", "### SiteDown", "there is no alert called SiteDown"),
            ("### ApiDown", "### AppDown", "AppDown has two sections"),
            ("- **Causes**: the proxy is down", "the proxy is down", "AppDown says Means, Urgent, Look, Do, Over when"),
            ("*Replicas up*", "*Replicas*, *Copies up*", "no dashboard has *Copies up*"),
            ("restart alertmanager", "restart alerts", "no service is called alerts"),
            ("/minitwit doctor", "/minitwit nurse ", "minitwit has no nurse"),
            ("scripts/smoke", "scripts/smoulder", "there is no scripts/smoulder"),
            ("MINITWIT_ORIGIN", "MINITWIT_ADDRESS", "there is no setting called MINITWIT_ADDRESS"),
            ("`metrics.refresh_interval`", "`metrics.interval`", "there is no setting called metrics.interval"),
        ]:
            self.assertIn(old, self.document)
            found = self.all_complaints(self.document.replace(old, new))
            self.assertTrue([line for line in found if line.startswith(complaint)], f"{complaint}: {found}")
        wrong = self.rules.replace("OPERATIONS.md#appdown", "OPERATIONS.md#down")
        self.assertEqual(list(about_alerts(self.document, wrong)), ["AppDown does not lead to its section"])
