"""Flags: the table, the four places values come from, and what is said about bad ones."""

import os
import subprocess
import sys
import threading

import pytest

import arignote as ag
from arignote.config import FLAGS, Config, parse
from arignote.errors import ConfigError, UnknownFlagError


def make(flags="", rc=None, tmp_path=None):
    environ = {"ARIGNOTE_FLAGS": flags, "ARIGNOTERC": os.devnull}
    if rc is not None:
        path = tmp_path / "rc"
        path.write_text(rc)
        environ["ARIGNOTERC"] = str(path)
    return Config(environ)


def test_every_default_is_a_value_that_the_flag_takes():
    for flag in FLAGS.values():
        assert parse(flag, flag.default, "test") == flag.default
        assert flag.help


def test_python_wins_over_environment_wins_over_rc_file(tmp_path):
    rc = "[global]\nfloatX = float32\nthreads = 3\nverify = yes\n[cache]\nsize = 500MB\n"
    config = make("threads=5,excluding=fusion:blas", rc, tmp_path)
    assert (config.floatX, config.threads, config.cache_size) == ("float32", 5, 500_000_000)
    assert config.verify is True and config.excluding == ("fusion", "blas")
    config.threads = 7
    assert config.threads == 7


def test_sections_may_be_written_with_a_dot_and_values_quoted():
    config = make("cache.size=1GB,cflags='-O1,-g',excluding='a,b'")
    assert config.cache_size == 10**9 and config.cflags == "-O1,-g"
    assert config.excluding == ("a", "b")


def test_a_with_block_lends_values_to_its_own_thread():
    config = make()
    seen = []
    with config(threads=2, floatX="float32"):
        with config(threads=3):
            assert (config.threads, config.floatX) == (3, "float32")
            thread = threading.Thread(target=lambda: seen.append(config.threads))
            thread.start()
            thread.join()
        assert config.threads == 2 and config.lends()
    assert config.threads == 0 and seen == [0] and not config.lends()


def test_a_with_block_that_fails_gives_back():
    config = make()
    with pytest.raises(RuntimeError), config(threads=2):
        raise RuntimeError
    assert config.threads == 0 and not config.lends()
    with pytest.raises(ConfigError), config(threads=2, floatX="float3"):
        pass
    assert config.threads == 0


def test_unknown_flags_are_refused_with_the_nearest_name():
    config = make()
    with pytest.raises(UnknownFlagError, match="did you mean 'floatX'"):
        config.floatx = "float32"
    with pytest.raises(AttributeError, match="did you mean 'threads'"):
        _ = config.thread
    with pytest.raises(UnknownFlagError, match="lists all flags"), config(zzzzzz=1):
        pass
    with pytest.raises(ConfigError, match=r"ARIGNOTE_FLAGS.*did you mean 'excluding'"):
        make("exclude=fusion")


@pytest.mark.parametrize(
    "text, said",
    [
        ("floatX=float128", "float16 or float32 or float64"),
        ("threads=many", "an integer"),
        ("threads=-1", "an integer"),
        ("debug=9", "from 0 to 4"),
        ("verify=perhaps", "True or False"),
        ("cache_size=big", "2GB"),
        ("parallel_min_us=-1", "a number"),
    ],
)
def test_bad_values_say_what_is_allowed_and_where_they_came_from(text, said):
    with pytest.raises(ConfigError) as caught:
        make(text)
    assert said in str(caught.value) and "ARIGNOTE_FLAGS" in str(caught.value)


def test_bad_values_from_the_rc_file_name_file_and_section(tmp_path):
    with pytest.raises(ConfigError, match=r"rc, section \[global\]"):
        make(rc="[global]\nmode = FAST\n", tmp_path=tmp_path)
    with pytest.raises(ConfigError, match="sections"):
        make(rc="mode = FAST_RUN\n", tmp_path=tmp_path)


def test_environment_words_without_a_value_are_refused():
    with pytest.raises(ConfigError, match="profile=True"):
        make("profile")


def test_an_absent_rc_file_is_no_error(tmp_path):
    assert Config({"ARIGNOTERC": str(tmp_path / "none")}).threads == 0


def test_names_of_choices_are_taken_in_any_case():
    config = make("mode=fast_compile")
    assert config.mode == "FAST_COMPILE"


def test_the_device_is_fixed_after_import():
    config = make("device=emulate")
    assert config.device == "emulate"
    with pytest.raises(ConfigError, match="fixed once arignote is imported"):
        config.device = "cpu"


def test_printing_lists_every_flag_with_its_source():
    config = make("threads=2")
    text = str(config)
    assert all(name in text for name in FLAGS)
    assert "threads             = 2             (ARIGNOTE_FLAGS)" in text
    assert repr(config) == "Config(threads=2)"


def test_watchers_hear_of_every_change():
    config, heard = make(), []
    config.watch(lambda: heard.append((config.threads, config.lends())))
    config.threads = 2
    with config(threads=3):
        pass
    assert heard == [(2, False), (3, True), (2, False)]


def test_keys_hold_what_compiled_results_depend_on():
    config = make()
    before = config.key()
    config.debug = 1
    assert config.key() == before
    with config(boundscheck=False):
        assert config.key() != before


def test_the_package_attribute_is_the_table_and_importing_is_light():
    assert ag.config.floatX in ("float16", "float32", "float64")
    heavy = "{'scipy', 'networkx', 'islpy', 'Cython', 'rich', 'matplotlib'} & set(sys.modules)"
    code = f"import sys, arignote; assert not {heavy}, {heavy}; arignote.config.threads"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_public_names_are_found_when_asked_for():
    assert ag.ShapeError is __import__("arignote.errors", fromlist=["x"]).ShapeError
    assert set(ag.__all__) <= set(dir(ag))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = ag.nothing


def test_what_depends_on_flags_is_made_once_for_each_set_of_values():
    config = Config({}, "/nonexistent")
    made = []

    def make():
        made.append(config.threads)
        return config.threads

    assert [config.remembered(make) for _ in range(3)] == [0] * 3
    with config(threads=2):
        assert [config.remembered(make) for _ in range(3)] == [2] * 3
        config.floatX = "float32"
        with config(threads=3):
            assert config.remembered(make) == config.remembered(make) == 3
        assert config.remembered(make) == 2
    config.threads = 4
    assert config.remembered(make) == config.remembered(make) == 4
    assert made == [0, 2, 3, 2, 4]
