"""The options of `compile`."""

import pytest

from arignote import compile
from arignote.errors import ConfigError


def test_options_that_do_not_exist_are_refused_at_once():
    with pytest.raises(TypeError, match="no option 'mod'; did you mean 'mode'"):
        compile(lambda a: a, mod="FAST_RUN")
    with pytest.raises(ConfigError, match="FAST_RUN or FAST_COMPILE or DEBUG_MODE"):
        compile(lambda a: a, mode="fast")
    assert compile(lambda a: a + 1, mode="fast_compile")(1) == 2
