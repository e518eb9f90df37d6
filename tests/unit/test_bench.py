"""The pure functions of bench/: statistics, results, the page, the comparison of two runs."""

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))

from bench import compare, page
from bench.answers import to_first_answer
from bench.applications import requirements, write_application
from bench.model import (
    OWN,
    BenchError,
    Measure,
    Part,
    Results,
    Series,
    read_results,
    rounded,
    write_results,
)
from bench.place import this_machine
from bench.session import Session
from bench.stats import geometric_mean, pair_ratios, spread

STEADY = (10.0, 10.1, 10.2, 9.9, 10.0, 10.1, 9.8, 10.0)


def measure(own, other=STEADY, **changes):
    """Return a measure of one case by Obelisk and in a venv."""
    series = (
        Series(case="cli", contender=OWN, samples=tuple(own)),
        Series(case="cli", contender="venv", samples=tuple(other)),
        Series(case="cli", contender="pex", reason="no wheel | for it"),
    )
    given = {"name": "start.wall", "title": "Start", "unit": "ms", "series": series}
    return Measure(**{**given, **changes})


def results(*measures, **changes):
    """Return results of one part."""
    given = {
        "name": "start",
        "measured": "2026-01-01 00:00",
        "seconds": 130,
        "quick": False,
        "machine": {"processor": "one"},
        "versions": {"pex": "1.0"},
        "measures": measures,
    }
    return Results(parts=(Part(**{**given, **changes}),))


def changes(old, new, **options):
    """Return what has clearly changed, as (case, whether it is worse)."""
    found = compare.compare(results(old), results(new), **options)
    return [(one.case, one.factor > 1) for one in found if one.clear]


def test_spread_of_one_and_of_several():
    assert spread([3.0]).notch == (3.0, 3.0)
    some = spread([1.0, 2.0, 3.0, 4.0])
    assert (some.low, some.middle, some.high) == (1.75, 2.5, 3.25)
    low, high = some.notch
    assert low < some.middle < high


def test_a_slow_minute_that_meets_both_leaves_the_ratio():
    assert pair_ratios([1.0, 3.0], [2.0, 6.0]) == (0.5, 0.5)
    assert geometric_mean([0.5, 2.0]) == pytest.approx(1)


def test_results_are_read_as_they_were_written(tmp_path):
    path = tmp_path / "sub" / "results.json"
    written = results(measure(STEADY, higher_is_better=True))
    write_results(written, path)
    assert read_results(path) == written
    assert [one.name for one in path.parent.iterdir()] == ["results.json"]


def test_a_part_that_was_measured_anew_takes_its_place():
    first = results(measure(STEADY)).with_part(results(name="load").parts[0])
    again = first.with_part(results(seconds=7).parts[0])
    assert [(part.name, part.seconds) for part in again.parts] == [("start", 7), ("load", 130)]


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"format": 1}', '{"format": 1, "parts": [{}]}', '{"format": 99}']
)
def test_a_file_that_is_none_of_ours_is_an_error(tmp_path, text):
    path = tmp_path / "results.json"
    path.write_text(text)
    with pytest.raises(BenchError, match=r"results\.json"):
        read_results(path)
    with pytest.raises(BenchError, match=r"none\.json"):
        read_results(tmp_path / "none.json")


def test_samples_are_kept_to_six_digits():
    assert rounded([0.123456789, 1234567.89]) == (0.123457, 1234570.0)


def test_what_is_clearly_slower_is_a_regression():
    slower = [one * 1.2 for one in STEADY]
    assert changes(measure(STEADY), measure(slower)) == [("cli", True)]
    assert changes(measure(slower), measure(STEADY)) == [("cli", False)]


def test_noise_and_little_changes_are_none():
    noisy = (8.0, 13.0, 9.0, 14.0, 10.5, 12.0)
    assert changes(measure(STEADY), measure(noisy, STEADY[:6])) == []
    assert changes(measure(STEADY), measure([one * 1.02 for one in STEADY])) == []


def test_a_slower_machine_is_no_regression():
    slow = [one * 2 for one in STEADY]
    assert changes(measure(STEADY), measure(slow, slow)) == []
    assert changes(measure(STEADY), measure(slow, ())) == [("cli", True)]


def test_more_requests_are_better():
    more = [one * 1.3 for one in STEADY]
    rates = {"unit": "1/s", "higher_is_better": True}
    assert changes(measure(STEADY, **rates), measure(more, **rates)) == [("cli", False)]
    assert changes(measure(more, **rates), measure(STEADY, **rates)) == [("cli", True)]


def test_a_single_value_tells_little_unless_it_is_a_size():
    times = {"name": "build.first", "unit": "s"}
    assert changes(measure([10.0], **times), measure([10.8], **times)) == []
    assert changes(measure([10.0], **times), measure([12.0], **times)) == [("cli", True)]
    sizes = {"name": "build.size", "unit": "MB"}
    assert changes(measure([10.0], **sizes), measure([10.8], **sizes)) == [("cli", True)]


def test_a_mean_of_many_changes_although_none_of_them_does():
    def many(factor):
        wide = [one * factor * noise for one in (7.0, 10.0, 13.0) for noise in (1, 1.1)]
        series = tuple(
            Series(case=f"one{number}", contender=name, samples=tuple(row))
            for number in range(4)
            for name, row in ((OWN, wide), ("reference", (10.0,) * 6))
        )
        return Measure(name="m", title="M", unit="s", series=series, reference="reference")

    assert changes(many(1.0), many(1.05)) == [("geometric mean of all", True)]
    assert changes(many(1.0), many(1.02)) == []


def test_compare_ends_with_a_status(tmp_path, capsys, monkeypatch):
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    write_results(results(measure(STEADY)), old)
    write_results(results(measure([one * 1.2 for one in STEADY])), new)
    for argv, status in (((old, old), 0), ((old, new), 1), ((old, tmp_path / "no"), 2)):
        monkeypatch.setattr(sys, "argv", ["compare.py", *map(str, argv)])
        assert compare.main() == status
    output = capsys.readouterr()
    assert "worse   1.200  start.wall: cli (by venv)" in output.out
    assert "cannot read" in output.err


def test_page_shows_values_ratios_and_reasons():
    text = page.text(results(measure(STEADY, [20.0] * 8)), "benchmarks", ["start.wall"])
    assert "| venv | 20.0 | 20.0 | 0.50 [0.50, 0.51] | 8 |" in text
    assert "| pex | no wheel \\| for it |" in text
    assert "![Start](benchmarks/start.wall.svg)" in text
    assert "| processor | one |" in text
    assert "quick run" not in text
    assert "quick run" in page.text(results(measure(STEADY), quick=True), "benchmarks", [])


def test_page_of_many_cases_has_a_mean_and_the_slowest_first():
    rows = [("fast", OWN, 1.0), ("fast", "ref", 2.0), ("slow", OWN, 2.0), ("slow", "ref", 1.0)]
    series = tuple(Series(case=one, contender=name, samples=(value,)) for one, name, value in rows)
    series += (Series(case="gone", contender="ref", reason="ended with status 1"),)
    whole = Measure(name="m", title="M", unit="s", series=series, reference="ref")
    text = page.text(results(whole), "benchmarks", [])
    assert "**Geometric mean of 2: 1.000**" in text
    assert text.index("| slow | 2.00 |") < text.index("| fast | 0.50 |")
    assert "| gone | ref | ended with status 1 |" in text


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.0123, "s", "12.3 ms"),
        (2e-6, "s", "2.00 us"),
        (3e-8, "s", "30.0 ns"),
        (5.5, "us", "5.50 us"),
    ],
)
def test_times_are_told_in_a_unit_that_reads_well(value, unit, text):
    assert page.time_text(value, unit) == text


def test_requirements_are_those_of_the_header():
    header = '# /// script\n# dependencies = [\n#   # why\n#   "a==1", "b==2",\n# ]\n# ///\n'
    assert requirements(header + "import a\n") == ("a==1", "b==2")
    assert requirements("print(1)\n") == ()


def test_applications_are_the_same_each_time(tmp_path):
    for name in ("modules", "cli"):
        folders = [
            write_application(name, tmp_path / one, quick=True).folder for one in ("one", "two")
        ]
        first, second = (
            {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*.*")}
            for folder in folders
        )
        assert first == second
    assert json.dumps(sorted(map(str, first))) == '["cli.py"]'


def test_the_page_in_docs_is_of_the_results_in_the_tree():
    root = Path(__file__).parents[2]
    place = root / "docs/explanation/benchmarks.md"
    drawn = [path.stem for path in place.with_suffix("").glob("*.svg")]
    written = page.text(read_results(root / "bench/results.json"), "benchmarks", drawn)
    assert place.read_text("utf-8") == written


def test_the_summary_tells_mean_slowest_and_what_is_measured_alone():
    rows = [("fast", OWN, 1.0), ("fast", "ref", 2.0), ("slow", OWN, 2.0), ("slow", "ref", 1.0)]
    series = tuple(Series(case=one, contender=name, samples=(value,)) for one, name, value in rows)
    many = Measure(name="m", title="Many", unit="s", series=series, reference="ref")
    alone = Series(case="hello", contender=OWN, samples=(200.0,))
    nothing = Measure(name="n", title="From nothing", unit="s", series=(alone,))
    text = page.text(results(many, nothing, measure([5.0] * 8, [10.0] * 8)), "benchmarks", [])
    assert "| Many | mean of 2 | ref | 1.000 |" in text
    assert "| Many | slow | ref | 2.00 |" in text
    assert "| From nothing | hello |  | 200 s |" in text
    assert "| Start | cli | venv | 0.50 [0.50, 0.50] |" in text
    assert "Nothing has been measured yet" in page.text(Results(), "benchmarks", [])


def test_a_name_that_no_part_has_is_an_error(tmp_path):
    session = Session(
        place=this_machine(tmp_path), quick=True, clock="cpu", gentle=False, only=("cli", "clj")
    )
    assert session.wanted(["hello", "cli"]) == ["cli"]
    with pytest.raises(BenchError, match="has `clj`") as caught:
        session.require_only()
    assert caught.value.hint == "there are cli, hello"


def test_the_page_compares_with_the_contender_that_a_measure_is_about():
    snapshot = f"{OWN}, snapshot"
    series = (
        Series(case="cli", contender=OWN, samples=(50.0,)),
        Series(case="cli", contender=snapshot, samples=(4.0,)),
        Series(case="cli", contender="venv", samples=(100.0,)),
    )
    one = Measure(name="snapshot.wall", title="S", unit="ms", series=series, own=snapshot)
    shown = page.text(results(one, name="snapshot"), "benchmarks", ())
    assert "| S | cli | venv | 0.040 |" in shown
    assert f"| {OWN} | 50.0 | 50.0 | 0.080 | 1 |" in shown
    assert f"| {snapshot} | 4.00 | 4.00 |  | 1 |" in shown
    assert f"{snapshot} by it" in shown


def test_a_service_is_measured_up_to_its_first_answer(tmp_path):
    script = tmp_path / "service.py"
    script.write_text(_SERVICE)
    run = to_first_answer((sys.executable, str(script)), {})
    assert run.status == 0
    assert run.processor > 0


def test_a_service_that_answers_wrongly_has_no_time(tmp_path):
    script = tmp_path / "service.py"
    script.write_text(_SERVICE.replace("item 7", "item 8"))
    assert to_first_answer((sys.executable, str(script)), {}).status != 0


def test_a_service_that_ends_has_no_time():
    with pytest.raises(OSError, match="does not answer"):
        to_first_answer((sys.executable, "-c", ""), {})


_SERVICE = """
import http.server, os

class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.send_response(200)
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(b'{"name":"item 7"}')
        self.close_connection = True

    def log_message(self, *_):
        pass

http.server.HTTPServer(("127.0.0.1", int(os.environ["BENCH_PORT"])), Handler).serve_forever()
"""
