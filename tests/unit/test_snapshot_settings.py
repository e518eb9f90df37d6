"""What `snapshot` can be combined with, and what is said of one that was made."""

from dataclasses import replace

import pytest

from obelisk.config.interpreter import Interpreter
from obelisk.config.recognize import read_request
from obelisk.config.request import CommandLine, overridden
from obelisk.config.settings import Settings
from obelisk.config.snapshot import check_snapshot
from obelisk.errors import ConfigError, SnapshotError
from obelisk.explain import explain
from obelisk.plan import make_plans
from obelisk.snapshot.report import Problem, Read, Report, rehearse, report_lines, request
from obelisk.target import DEFAULT_TARGET, TARGETS

TARGET = TARGETS[DEFAULT_TARGET]
REPORT = {
    "again": [],
    "error": None,
    "problems": [],
    "modules": ["json"],
    "guards": ["DEBUG"],
    "files": ["/etc/app"],
    "reads": [
        {"kind": "variable", "name": "DEBUG", "module": "app"},
        {"kind": "time", "name": "", "module": "app"},
        {"kind": "file", "name": "/etc/app", "module": "app"},
        {"kind": "written", "name": "/tmp/app", "module": "app"},
    ],
    "native_threads": [],
}


@pytest.mark.parametrize(
    ("interpreter", "said"),
    [
        ({"utf8_mode": False}, "interpreter.utf8-mode"),
        ({"use_environment": True}, "interpreter.use-environment"),
        ({"site_import": True}, "interpreter.site-import"),
        ({"coerce_c_locale": True}, "interpreter.coerce-c-locale"),
        ({"import_time": 1}, "interpreter.import-time"),
        ({"perf_profiling": 1}, "interpreter.perf-profiling"),
        ({"malloc_stats": True}, "interpreter.malloc-stats"),
    ],
)
def test_what_depends_on_each_start_is_refused(interpreter, said):
    settings = Settings(snapshot=True, interpreter=Interpreter(**interpreter))
    with pytest.raises(ConfigError, match=said) as caught:
        check_snapshot(settings, TARGET)
    assert "without a snapshot" in caught.value.hint
    check_snapshot(replace(settings, snapshot=False), TARGET)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (Settings(snapshot_imports=("json",)), "no effect without `snapshot`"),
        (Settings(snapshot_exclude=("json",)), "no effect without `snapshot`"),
        (Settings(snapshot=True, snapshot_imports=("a b",)), "not the name of a module"),
        (Settings(snapshot=True, snapshot_exclude=("a.*",)), "not the name of a module"),
        (
            Settings(snapshot=True, snapshot_imports=("json",), snapshot_exclude=("json",)),
            "both in `snapshot-imports` and in `snapshot-exclude`",
        ),
    ],
)
def test_lists_of_modules_are_checked(settings, said):
    with pytest.raises(ConfigError, match=said):
        check_snapshot(settings, TARGET)


def test_the_command_line_turns_it_off_with_all_that_a_file_says_of_it():
    """As the hints of a snapshot that cannot be made suggest."""
    file = Settings(snapshot=True, snapshot_imports=("json",), snapshot_exclude=("wave",))
    off = overridden(file, CommandLine(options={"snapshot": False}))
    assert off == Settings()
    check_snapshot(off, TARGET)
    other = overridden(file, CommandLine(options={"snapshot": None}))
    assert other == file


def test_a_target_without_snapshots_is_refused():
    target = TARGETS["aarch64-unknown-linux-musl"]
    with pytest.raises(ConfigError, match="not available for aarch64-unknown-linux-musl"):
        check_snapshot(Settings(snapshot=True), target)


def test_the_plan_says_what_a_snapshot_holds(tmp_path):
    (tmp_path / "script.py").write_text("")
    asked = read_request(str(tmp_path / "script.py"))

    def shown(**values):
        (plan,) = make_plans(replace(asked, settings=replace(asked.settings, **values)))
        (row,) = [row for row in explain(plan) if row.what == "snapshot"]
        return row.value, row.why

    assert shown() == ("none: every start imports", "default")
    assert shown(snapshot=True) == ("the main module's first imports", "`snapshot`")
    value, _ = shown(snapshot=True, snapshot_imports=("json",), snapshot_exclude=("wave",))
    assert value == "the main module's first imports, json; without wave"


def test_a_report_is_read_and_shown():
    report = Report.parse(REPORT)
    assert report.reads[0] == Read(kind="variable", name="DEBUG", module="app")
    left = replace(report, problems=(Problem(module="a", kind="thread", reason="starts one"),))
    assert list(report_lines(left.to_json())) == [
        "snapshot  1 modules imported",
        "  left out    a: it starts one",
        "  depends on  variable DEBUG: with another value, the executable starts cold",
        "  depends on  file /etc/app: where it is another, the executable starts cold",
        "  read        the time, by app",
        "  read        the file /etc/app, by app",
        "  written     the file /tmp/app, by app",
    ]
    with pytest.raises(ValueError, match="not a report"):
        Report.parse({"again": []})


def test_rehearsals_end_when_nothing_more_is_left_out():
    again = {(): ["a"], ("a",): ["a", "b"], ("a", "b"): []}

    def attempt(left_out):
        problems = [{"module": "a", "kind": "k", "reason": "r"}] if not left_out else []
        return Report.parse(REPORT | {"again": again[left_out], "problems": problems})

    left_out, problems = rehearse(attempt, ())
    assert left_out == ("a", "b")
    assert [one.module for one in problems] == ["a"]
    assert request(left_out, rehearsal=True) == b"rehearsal\na\nb\n"
    assert request(left_out, ["c.d"], rehearsal=False) == b"take\na\nb\n+c.d\n"


def test_an_error_of_a_rehearsal_ends_the_build():
    with pytest.raises(SnapshotError, match="`x` cannot be kept"):
        rehearse(lambda _: Report.parse(REPORT | {"error": "`x` cannot be kept"}), ())
