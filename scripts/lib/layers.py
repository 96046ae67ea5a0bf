"""Reads `cargo metadata --no-deps` from standard input and checks the direction of dependencies.

A package's place is its folder below the workspace's root. A rule says what packages of one place may depend on inside
the workspace; whatever it does not name is a violation.
"""

import fnmatch
import json
import os
import sys

CRATES = "crates/*"
CONTEXTS = "command-services/*"
EVERYTHING = "*"

# (place, what it may depend on, why). The first rule that matches a package is its rule.
RULES = [
    (CRATES, [CRATES],
     "mechanisms know envelopes and bytes, never Tillroll's events: another system could use them as they are"),
    ("schemas", ["crates/log", "crates/vault"],
     "contracts that cross processes rest on the envelope and on sealed texts alone, so that everybody can read them"),
    (CONTEXTS, [CRATES, "schemas"],
     "a context decides by its own log and its replicas; contexts meet in events, never in code"),
    ("projectors", [CRATES, "schemas"],
     "read models are made from events as they stand in the log, not by the code of the context that wrote them"),
    ("query-api", [CRATES, "schemas"],
     "reading needs rows and contracts; a dependency on the write side would tie their releases together"),
    ("gateway", [CRATES, "schemas"],
     "the public door talks to roles by HTTP, wherever they run"),
    ("tillroll", [CRATES, CONTEXTS, "schemas", "projectors", "query-api", "gateway"],
     "the binary puts the roles together and nothing but tests and measurements stands above it"),
    ("tests", [EVERYTHING], ""),
    ("bench", [EVERYTHING], ""),
]

# What only tests may depend on besides: the query API's tests read rows that the real projectors wrote.
IN_TESTS = {"query-api": ["projectors"]}

# What only tests may depend on: it panics where a test ends. Packages that are nothing but tests may as they like.
TESTKIT = "crates/testkit"
TESTKIT_USERS = {"tests", "bench"}
TESTKIT_REASON = "what tests share ends the process when something is wrong; name it under [dev-dependencies]"

RDKAFKA = {"rdkafka", "rdkafka-sys"}
RDKAFKA_HOME = "crates/kafka"
RDKAFKA_REASON = "one crate names the Kafka client, so that it can be replaced and its settings stand in one place"


def matches(place, patterns):
    """`crates/*` means one folder deep; `*` means everything."""
    return any(pattern == EVERYTHING or fnmatch.fnmatchcase(place, pattern) for pattern in patterns)


def rule_for(place):
    """The rule of a place, or None."""
    return next((rule for rule in RULES if fnmatch.fnmatchcase(place, rule[0])), None)


def violations(metadata):
    """Yields one line for each dependency that runs against a rule."""
    root = metadata["workspace_root"]
    places = {
        os.path.dirname(package["manifest_path"]): os.path.relpath(os.path.dirname(package["manifest_path"]), root)
        for package in metadata["packages"]
    }
    for package in sorted(metadata["packages"], key=lambda package: package["name"]):
        place = places[os.path.dirname(package["manifest_path"])]
        rule = rule_for(place)
        if rule is None:
            yield f"{place}: no rule for this folder. Every package has a layer: add one to scripts/lib/layers.py"
            continue
        _, allowed, reason = rule
        for dependency in package["dependencies"]:
            target = places.get(dependency.get("path") or "")
            if dependency.get("kind") == "dev" and target in IN_TESTS.get(place, []):
                continue
            if target is not None and target != place and not matches(target, allowed):
                yield f"{place} depends on {target}: {reason}"
            if target == TESTKIT and dependency.get("kind") != "dev" and place not in TESTKIT_USERS:
                yield f"{place} depends on {target}: {TESTKIT_REASON}"
            if dependency["name"] in RDKAFKA and place != RDKAFKA_HOME:
                yield f"{place} names {dependency['name']}: {RDKAFKA_REASON}"


def main():
    """Prints what it found; the status says whether there was anything."""
    metadata = json.load(sys.stdin)
    found = list(dict.fromkeys(violations(metadata)))
    for line in found:
        print(line)
    if found:
        print(f"{len(found)} dependencies against the direction of the layers", file=sys.stderr)
        return 1
    print(f"{len(metadata['packages'])} packages depend on each other in one direction")
    return 0


if __name__ == "__main__":
    sys.exit(main())
