"""Which runtime is chosen, what is said without the compiled one, and that it hears of flags."""

import os
import subprocess
import sys
import textwrap

import pytest
from runtime_specs import Num

import arignote as ag
from arignote.config import config
from arignote.emit import dispatch, runtime_py
from arignote.emit.compiler import warn_interpreted
from arignote.emit.plan import Plan, Static
from arignote.errors import CompilerMissingError


def run_without_runtime(code):
    blocked = "import sys; sys.modules['arignote.emit.runtime'] = None\n"
    return subprocess.run(
        [sys.executable, "-W", "error::UserWarning", "-c", blocked + textwrap.dedent(code)],
        capture_output=True,
        text=True,
        env={**os.environ, "ARIGNOTERC": os.devnull},
    )


def test_the_twin_takes_over_and_says_so_once_when_it_matters():
    done = run_without_runtime("""
        from arignote.emit import dispatch, runtime_py
        assert dispatch.Dispatcher is runtime_py.Dispatcher and not dispatch.compiled()
        try:
            dispatch.warn_if_slow()
        except UserWarning as warning:
            assert "pip install --force-reinstall arignote" in str(warning)
        else:
            raise SystemExit("no warning")
        dispatch.warn_if_slow()
    """)
    assert done.returncode == 0, done.stderr


@pytest.mark.filterwarnings("error")
def test_the_compiled_runtime_needs_no_warning():
    if not dispatch.compiled():
        pytest.skip("the compiled runtime was not built on this machine")
    dispatch.warn_if_slow()
    assert dispatch.Dispatcher is not runtime_py.Dispatcher


def test_a_missing_compiler_is_said_once(monkeypatch):
    monkeypatch.setattr("arignote.errors._warned", set())
    with pytest.warns(UserWarning, match="interpreter.*get one") as caught:
        warn_interpreted(CompilerMissingError("none: get one"))
        warn_interpreted(CompilerMissingError("none: get one"))
    assert len(caught) == 1


def test_specialisations_belong_to_the_flags_they_were_made_under():
    d = dispatch.Dispatcher(lambda args, kwargs: "miss")

    def add(answer):
        plan = Plan(leaves=(Num("python", "f8"),), outputs=(Static(None),))
        d.add(dispatch.Kernel(plan, function=lambda x: answer))

    add("checked")
    with config(boundscheck=False):
        assert d(1.0) == "miss"
        add("unchecked")
        assert d(1.0) == "unchecked"
    assert d(1.0) == "checked"
    with config(debug=1):
        assert d(1.0) == "checked"


def test_threads_follow_the_flag():
    assert dispatch.current_state()[1] >= 1
    with config(threads=3):
        assert dispatch.current_state()[1] == 3


def test_compiled_functions_are_called_without_a_tuple_and_a_dict():
    compiled_runtime = pytest.importorskip("arignote.emit.runtime", reason="not built")
    has_vectorcall = 1 << 11
    for kind in (compiled_runtime.Dispatcher, compiled_runtime.Caller):
        assert kind.__flags__ & has_vectorcall
    assert type(ag.compile(lambda x: x + 1)).__flags__ & has_vectorcall
