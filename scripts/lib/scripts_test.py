"""What the scripts do with their arguments, and what they leave alone. No build, and nothing is started."""

import fcntl
import os
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).parents[2]
# Of scripts/kafka and scripts/test the arguments are those of the tools behind them.
OWN_ARGUMENTS = [".ci/run"] + [f"scripts/{name}" for name in "chaos check-layers down prove-rules setup stripe-mock up".split()]
PARTS = ["data", "state", "mail", "sandbox", "logs", "keys"]


class Scripts(unittest.TestCase):
    def setUp(self):
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.home = Path(place.name) / "home"
        for part in [*PARTS, "run", "kafka-libs"]:
            (self.home / part).mkdir(parents=True)
            (self.home / part / "kept").write_text(part)
        (self.home / "keys" / "access-token.pem").write_text("")
        # Should a script go to work in spite of all, it shall neither build nor install nor fetch anything.
        self.programs = Path(place.name) / "programs"
        self.programs.mkdir()
        for program in ["apt-get", "cargo", "docker", "go", "mvn"]:
            (self.programs / program).write_text("#!/bin/sh\nexit 99\n")
            (self.programs / program).chmod(0o755)

    def run_script(self, script, *arguments):
        """Its status and all that it says."""
        path = f"{self.programs}:{os.environ['PATH']}"
        environment = dict(os.environ, TILLROLL_HOME=str(self.home), TILLROLL_STACK="native", PATH=path)
        environment.pop("TILLROLL_KAFKA_LIBS", None)
        command = ["timeout", "--kill-after", "1", "20", str(ROOT / script), *arguments]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        return done.returncode, done.stdout + done.stderr

    def held(self, name, pid):
        """The lock of that name in the run directory, held by this process."""
        file = open(self.home / "run" / name, "w+")
        self.addCleanup(file.close)
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write(f"{pid}\n")
        file.flush()

    def what_is_left(self):
        return {path.name for path in self.home.iterdir() if (path / "kept").exists()}

    def test_help_is_shown_wherever_it_stands_and_nothing_is_done(self):
        for script in OWN_ARGUMENTS:
            status, said = self.run_script(script, "--help")
            self.assertEqual(status, 0, f"{script}: {said}")
            self.assertIn("Usage: ", said)
        for arguments in [("--wipe", "--help"), ("--help", "--wipe")]:
            status, said = self.run_script("scripts/down", *arguments)
            self.assertEqual((status, "Usage: scripts/down" in said), (0, True), said)
        self.assertEqual(self.what_is_left(), {*PARTS, "run", "kafka-libs"})

    def test_an_unknown_argument_is_a_wrong_use_of_every_script_before_it_does_anything(self):
        for script in OWN_ARGUMENTS:
            status, said = self.run_script(script, "--dmeo")
            self.assertEqual(status, 2, f"{script}: {said}")
            self.assertIn(f"--dmeo (see {script} --help)", said)
        for script, arguments in [
            ("scripts/down", ["--wipe", "now"]),
            ("scripts/down", ["--wipe", "--force"]),
            ("scripts/check-layers", ["one", "two"]),
            ("scripts/chaos", ["--seconds", "--seed"]),
            ("scripts/stripe-mock", ["", "--now"]),
            ("scripts/prove-rules", ["no such rule"]),
        ]:
            status, said = self.run_script(script, *arguments)
            self.assertEqual(status, 2, f"{script} {arguments}: {said}")
        self.assertEqual(self.what_is_left(), {*PARTS, "run", "kafka-libs"})

    def test_a_wipe_leaves_nothing_of_the_shop_and_the_jars(self):
        elsewhere = self.home.parent / "elsewhere"
        (self.home / "data").rename(elsewhere)
        (self.home / "data").symlink_to(elsewhere)
        status, said = self.run_script("scripts/down", "--wipe")
        self.assertEqual(status, 0, said)
        self.assertEqual(self.what_is_left(), {"run", "kafka-libs"})
        self.assertFalse(elsewhere.exists(), "what it links to goes with it")
        for part in PARTS:
            self.assertIn(f"removed {self.home / part}\n", said)

    def test_of_two_starts_the_second_touches_nothing(self):
        self.held("up.lock", 4711)
        status, said = self.run_script("scripts/up")
        self.assertEqual(status, 1, said)
        self.assertIn("another scripts/up (pid 4711) is starting Tillroll here", said)
        self.assertEqual(self.what_is_left(), {*PARTS, "run", "kafka-libs"})

    def test_a_start_beside_a_tillroll_that_has_no_run_files_yet_names_it(self):
        self.held("stack.lock", 4712)
        status, said = self.run_script("scripts/up")
        self.assertEqual(status, 1, said)
        self.assertIn("another Tillroll (pid 4712) runs here", said)
        status, said = self.run_script("scripts/down", "--wipe")
        self.assertEqual((status, self.what_is_left()), (1, {*PARTS, "run", "kafka-libs"}), said)

    def test_while_a_start_is_under_way_nothing_is_stopped_or_wiped(self):
        self.held("up.lock", 4713)
        status, said = self.run_script("scripts/down", "--wipe")
        self.assertEqual(status, 1, said)
        self.assertIn("a start is under way here (scripts/up, pid 4713)", said)
        self.assertEqual(self.what_is_left(), {*PARTS, "run", "kafka-libs"})


if __name__ == "__main__":
    unittest.main()
