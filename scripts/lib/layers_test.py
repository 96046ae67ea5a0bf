"""Shows that each rule of layers.py can be broken. Run: python3 -m unittest discover -s scripts/lib -p '*_test.py'"""

import unittest

import layers

PLACES = [
    "crates/kafka", "crates/log", "crates/testkit", "crates/vault", "schemas", "command-services/catalog",
    "command-services/orders", "projectors", "query-api", "gateway", "tillroll", "tests", "bench",
]


def metadata(*edges, places=PLACES):
    """A workspace with these edges: (place, place) inside it, or (place, name) for a package from outside."""
    packages = {
        place: {"name": place, "manifest_path": f"/w/{place}/Cargo.toml", "dependencies": []} for place in places
    }
    for source, target in edges:
        path = f"/w/{target}" if target in packages else None
        packages[source]["dependencies"].append({"name": target, "path": path})
    return {"workspace_root": "/w", "packages": list(packages.values())}


class Layers(unittest.TestCase):
    def broken(self, *edges, **options):
        return list(layers.violations(metadata(*edges, **options)))

    def test_the_architecture_itself_is_allowed(self):
        self.assertEqual([], self.broken(
            ("crates/log", "crates/kafka"), ("schemas", "crates/log"), ("schemas", "crates/vault"), ("command-services/orders", "schemas"),
            ("projectors", "schemas"), ("query-api", "crates/log"), ("gateway", "schemas"),
            ("tillroll", "gateway"), ("tillroll", "command-services/orders"), ("tests", "tillroll"),
            ("bench", "projectors"), ("crates/kafka", "rdkafka"), ("crates/kafka", "rdkafka-sys"),
        ))

    def test_every_edge_against_the_direction_is_found_with_its_reason(self):
        for edge in [
            ("crates/log", "schemas"), ("crates/log", "gateway"), ("schemas", "crates/kafka"),
            ("schemas", "command-services/orders"), ("command-services/orders", "command-services/catalog"),
            ("command-services/orders", "projectors"), ("projectors", "command-services/orders"),
            ("query-api", "command-services/catalog"), ("query-api", "projectors"),
            ("gateway", "command-services/orders"), ("gateway", "projectors"), ("gateway", "query-api"),
            ("gateway", "tillroll"), ("tillroll", "tests"), ("projectors", "tillroll"),
        ]:
            with self.subTest(edge=edge):
                found = self.broken(edge)
                self.assertEqual(1, len(found), found)
                self.assertIn(f"{edge[0]} depends on {edge[1]}: ", found[0])

    def test_only_tests_of_the_query_api_may_use_the_projectors(self):
        for kind, expected in ((None, 1), ("dev", 0)):
            workspace = metadata(("query-api", "projectors"))
            for package in workspace["packages"]:
                for dependency in package["dependencies"]:
                    dependency["kind"] = kind
            self.assertEqual(expected, len(list(layers.violations(workspace))))

    def test_what_tests_share_is_for_tests_only(self):
        for place, kind, expected in (("gateway", None, 1), ("gateway", "dev", 0), ("tests", None, 0)):
            workspace = metadata((place, "crates/testkit"))
            for package in workspace["packages"]:
                for dependency in package["dependencies"]:
                    dependency["kind"] = kind
            self.assertEqual(expected, len(list(layers.violations(workspace))), (place, kind))

    def test_the_kafka_client_has_one_home(self):
        for place in PLACES:
            for name in ("rdkafka", "rdkafka-sys"):
                expected = 0 if place == "crates/kafka" else 1
                self.assertEqual(expected, len(self.broken((place, name))), (place, name))

    def test_a_folder_without_a_rule_is_found(self):
        found = self.broken(places=["crates/log", "shortcuts"])
        self.assertEqual(1, len(found))
        self.assertIn("shortcuts: no rule", found[0])


if __name__ == "__main__":
    unittest.main()
