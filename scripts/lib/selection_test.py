"""Whether scripts/test builds the binary, for the arguments that cargo test may get."""

import subprocess
import unittest
from pathlib import Path

SCRIPT = Path(__file__).parent / "selection.sh"
SHOW = 'set -euo pipefail; source "$0"; select_tests "$@"; echo "$binary_needed|${scope[*]-}|${profile[*]-}"'


def selected(*arguments):
    shown = subprocess.run(["bash", "-c", SHOW, str(SCRIPT), *arguments], check=True, capture_output=True, text=True)
    binary_needed, scope, profile = shown.stdout.strip("\n").split("|")
    return binary_needed == "true", scope, profile


class Selection(unittest.TestCase):
    def test_builds_the_binary_whenever_an_end_to_end_test_may_run(self):
        for arguments in [
            [],
            ["kill"],
            ["-p", "e2e"],
            ["-pe2e"],
            ["-p=e2e"],
            ["--package", "e2e", "kill"],
            ["--package=e2e"],
            ["-p", "tillroll-bench"],
            ["-p", "tillroll-log", "--package=e2e"],
            ["-p", "*"],
            ["--package=e2*"],
            ["-p", "path+file:///work/tests#e2e@0.1.0"],
            ["-p", "e2e@0.1.0"],
            ["-p", "tillroll-log", "--workspace"],
            ["-p", "tillroll-log", "--all"],
            ["-p"],
            ["--", "-p", "tillroll-log"],
        ]:
            self.assertTrue(selected(*arguments)[0], arguments)

    def test_builds_nothing_besides_where_only_other_packages_are_named(self):
        for arguments in [["-p", "tillroll-log"], ["-ptillroll"], ["--package=tillroll-kafka", "-p", "tillroll", "e2e"]]:
            self.assertEqual(selected(*arguments), (False, "", ""), arguments)

    def test_everything_is_in_scope_unless_packages_are_named(self):
        self.assertEqual(selected("kill")[1], "--workspace")
        self.assertEqual(selected("--", "-p", "x")[1], "--workspace")

    def test_the_binary_is_built_as_the_tests_are(self):
        self.assertEqual(selected("-p", "e2e", "--release")[2], "--release")
        self.assertEqual(selected("--profile", "bench", "-r")[2], "--profile bench -r")
        self.assertEqual(selected("--", "--release")[2], "")


if __name__ == "__main__":
    unittest.main()
