"""bench/compare.py on made-up files: what counts as moved, and how it ends on files that it cannot use."""
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

COMPARE = pathlib.Path(__file__).resolve().parents[2] / "bench" / "compare.py"


def result(problem, median, spread=0.01, **fields):
    return {"problem": problem, "device": "cpu", "threads": 1, "median_ns": median,
            "p25_ns": median * (1 - spread), "p75_ns": median * (1 + spread), **fields}


class CompareTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def write(self, name, content):
        path = pathlib.Path(self.folder.name) / name
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return str(path)

    def run_on(self, old, new, *arguments):
        paths = [self.write("old.json", old), self.write("new.json", new)]
        return subprocess.run([sys.executable, str(COMPARE), *paths, *arguments], capture_output=True, text=True)

    def of(self, *results):
        return {"machine": {"cpu": "one"}, "commit": "abc", "results": list(results)}

    def test_the_same_file_shows_nothing(self):
        data = self.of(result("a", 100), result("b", 5e6))
        done = self.run_on(data, data)
        self.assertEqual(done.returncode, 0)
        self.assertEqual(done.stdout, "0 slower, 0 faster, 2 the same within noise; 0 in one file only\n")

    def test_slower_beyond_the_quartiles_fails(self):
        done = self.run_on(self.of(result("a", 100)), self.of(result("a", 110)))
        self.assertEqual(done.returncode, 1)
        self.assertIn("slower   +10.0 %  a on cpu, threads 1: 100 ns -> 110 ns", done.stdout)

    def test_slower_within_the_quartiles_passes(self):
        done = self.run_on(self.of(result("a", 100, 0.2)), self.of(result("a", 110, 0.2)))
        self.assertEqual(done.returncode, 0)

    def test_a_small_change_is_none_however_quiet(self):
        quiet = self.run_on(self.of(result("a", 100, 0.001)), self.of(result("a", 102, 0.001)))
        self.assertEqual(quiet.returncode, 0)
        strict = self.run_on(self.of(result("a", 100, 0.001)), self.of(result("a", 102, 0.001)), "--least", "0.01")
        self.assertEqual(strict.returncode, 1)

    def test_faster_passes_and_is_said(self):
        done = self.run_on(self.of(result("a", 100)), self.of(result("a", 50)))
        self.assertEqual(done.returncode, 0)
        self.assertIn("faster   -50.0 %", done.stdout)

    def test_threads_and_devices_are_kept_apart(self):
        done = self.run_on(self.of(result("a", 100), result("a", 60, threads=2)),
                           self.of(result("a", 100), result("a", 60, threads=2), result("a", 900, device="cpu:avx2")))
        self.assertEqual(done.returncode, 0)
        self.assertIn("2 the same within noise; 1 in one file only", done.stdout)

    def test_files_of_the_comparison_are_read_without_peers(self):
        def comparison(ours, peer):
            results = [result("a", ours, contender="perceptron"), result("a", peer, contender="onednn")]
            for one in results:
                del one["device"]
            return self.of(*results)
        done = self.run_on(comparison(100, 100), comparison(100, 200))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("0 slower, 0 faster, 1 the same", done.stdout)
        self.assertEqual(self.run_on(comparison(100, 100), comparison(200, 100)).returncode, 1)

    def test_a_reader_that_left_is_no_regression(self):
        path = self.write("a.json", self.of(result("a", 100)))
        done = subprocess.Popen([sys.executable, str(COMPARE), path, path], stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True)
        done.stdout.close()
        self.assertEqual(done.stderr.read(), "")
        self.assertEqual(done.wait(), 2)
        done.stderr.close()

    def test_another_machine_is_said(self):
        new = self.of(result("a", 100))
        new["machine"]["cpu"] = "two"
        self.assertIn("note: cpu differs: one -> two", self.run_on(self.of(result("a", 100)), new).stdout)

    def test_bad_files_end_with_2(self):
        good = self.of(result("a", 100))
        bad = ["{", "[]", "{}", '{"results": 3}', self.of({"problem": "a"}), self.of(result("b", 100)),
               self.of(result("a", 0)), self.of({**result("a", 1), "p25_ns": "fast"}), self.of("a")]
        for content in bad:
            done = self.run_on(good, content)
            self.assertEqual(done.returncode, 2, content)
            self.assertTrue(done.stderr.startswith("compare.py: "), done.stderr)
        missing = subprocess.run([sys.executable, str(COMPARE), "no.json", "no.json"], capture_output=True, text=True)
        self.assertEqual(missing.returncode, 2)


if __name__ == "__main__":
    unittest.main()
