"""`arignote doctor`: exit status, and a remedy with every finding that is not good."""

import subprocess
import sys

import pytest

from arignote.cli import doctor, main
from arignote.config import config
from arignote.emit import cache as cache_module
from arignote.emit.compiler import compiler_here

needs_compiler = pytest.mark.skipif(compiler_here() is None, reason="no compiler on this machine")


def found(subject):
    return next(f for f in doctor.examine() if f.subject == subject)


@needs_compiler
def test_a_working_machine_passes(capsys):
    assert main(["doctor"]) == 0
    printed = capsys.readouterr().out
    for subject in ("versions", "runtime", "cache", "C compiler", "OpenMP", "vector math", "BLAS"):
        assert subject in printed
    assert "fault" not in printed


def test_whatever_is_not_good_has_a_remedy():
    assert all(f.remedy for f in doctor.examine() if f.state != "good")


def test_a_missing_compiler_is_a_fault(capsys):
    with config(cc="no-such-compiler"):
        assert main(["doctor"]) == 1
        assert "unset the flag cc" in found("C compiler").remedy
    assert "no C compiler can build" in capsys.readouterr().out


@needs_compiler
def test_a_compiler_without_openmp_is_a_note():
    with config(openmp="no"):
        assert found("OpenMP").state == "note"


@needs_compiler
def test_threads_need_the_compiled_runtime(monkeypatch):
    monkeypatch.setattr("arignote.emit.dispatch.team_address", lambda: 0)
    assert "force-reinstall arignote" in found("OpenMP").remedy


def test_a_cache_that_cannot_be_used_is_a_fault(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setattr("arignote.errors._warned", set())
    cache_module._opened.cache_clear()
    with config(cache_dir=tmp_path / "file" / "c"), pytest.warns(UserWarning):
        assert found("cache").state == "fault"


@needs_compiler
def test_environment_that_slows_things_down_is_named(monkeypatch):
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Prescott")
    assert "unset OPENBLAS_CORETYPE" in found("BLAS").remedy


def test_the_command_runs_as_a_module():
    done = subprocess.run([sys.executable, "-m", "arignote", "--version"], capture_output=True)
    assert done.returncode == 0 and done.stdout.startswith(b"arignote ")


def test_unknown_commands_and_help(capsys):
    assert main(["frobnicate"]) == 2
    assert "frobnicate" in capsys.readouterr().err
    assert main(["--help"]) == 0 and main([]) == 2
    assert "doctor" in capsys.readouterr().out


def test_what_cuda_needs_is_looked_at(monkeypatch):
    assert found("CUDA emulation").state == "good"
    monkeypatch.setattr(doctor.nvrtc, "_library", lambda wanted: None)
    assert found("NVRTC").state == "good"  # nobody needs it without a driver
    monkeypatch.setattr(doctor.nvrtc, "driver_version", lambda: (13, 0))
    assert found("NVRTC").state == "fault" and "arignote[cuda13]" in found("NVRTC").remedy
