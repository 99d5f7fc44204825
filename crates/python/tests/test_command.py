"""The command that the package brings is the command."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import time

import stacyard

from conftest import make

COMMAND = str(pathlib.Path(sys.executable).parent / "stacyard")


def run(*arguments, **how):
    return subprocess.run([COMMAND, *arguments], capture_output=True, text=True, **how)


def test_version_help_and_exit_status():
    assert run("--version").stdout == f"stacyard {stacyard.__version__}\n"
    assert run("--help").returncode == 0
    assert run("validate", "items.ndjson").returncode == 0
    wrong = run("copy", "items.ndjson", "x.csv")
    assert wrong.returncode == 2 and "Traceback" not in wrong.stderr and wrong.stderr.startswith("error: x.csv")
    unknown = run("--colour")
    assert unknown.returncode == 2 and "unexpected argument '--colour'" in unknown.stderr
    assert run("validate", "nope.ndjson").returncode == 3
    bad = run("validate", "-", input="{}\n")
    assert bad.returncode == 1 and bad.stdout.startswith("-:1: 1 error")


def test_as_a_module():
    done = subprocess.run([sys.executable, "-m", "stacyard", "--version"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, f"stacyard {stacyard.__version__}\n")


def test_a_reader_that_has_had_enough_is_no_failure():
    with open("many.ndjson", "w", encoding="utf-8") as file:
        line = pathlib.Path("items.ndjson").read_text().splitlines()[0]
        file.writelines(line + "\n" for _ in range(30_000))
    process = subprocess.Popen([COMMAND, "search", "many.ndjson"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout.readline()
    process.stdout.close()
    assert process.wait(30) == 0 and process.stderr.read() == b""


def test_an_interrupt_says_what_holds_with_the_words_of_the_command():
    os.mkfifo("pipe.ndjson")
    process = subprocess.Popen([COMMAND, "copy", "pipe.ndjson", "x.parquet"], stderr=subprocess.PIPE, text=True)
    with open("pipe.ndjson", "w", encoding="utf-8") as pipe:
        # Less than a block says nothing of what is to come.
        pipe.writelines(json.dumps(make(f"i{number}")) + "\n" for number in range(10_000))
        pipe.flush()
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=20)
    assert process.returncode == 130
    assert said.splitlines() == ["interrupted: x.parquet is as it was", "  help: begin again: stacyard copy pipe.ndjson x.parquet"]
    assert sorted(path.name for path in pathlib.Path().iterdir()) == ["items.ndjson", "pipe.ndjson"]
