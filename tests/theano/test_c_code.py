"""Ops of the user with C code in Theano's form: compiled, run, and compared with `perform`."""

import numpy as np
import pytest

import arignote as ag
import arignote.theano as theano
import arignote.theano.tensor as T
from arignote.emit.compiler import compiler_here
from arignote.theano import gof, scalar

pytestmark = pytest.mark.skipif(compiler_here() is None, reason="there is no C compiler here")


class Blend(theano.Op):
    """x + w y, where the sizes are equal."""

    __props__ = ("weight",)
    params_type = gof.ParamsType(weight=scalar.float64)

    def __init__(self, weight):
        self.weight = weight

    def make_node(self, x, y):
        x, y = T.as_tensor_variable(x), T.as_tensor_variable(y)
        return theano.Apply(self, [x, y], [x.type()])

    def perform(self, node, inputs, output_storage, params):
        output_storage[0][0] = inputs[0] + params.weight * inputs[1]

    def infer_shape(self, node, shapes):
        return [shapes[0]]

    def grad(self, inputs, slopes):
        return [slopes[0], slopes[0] * self.weight]

    def c_code_cache_version(self):
        return (1,)

    def c_headers(self):
        return ["<limits.h>"]

    def c_support_code(self):
        return "static double scaled(double a, double w) { return w * a; }"

    def c_code(self, node, name, inputs, outputs, sub):
        (x, y), (z,), fail, params = inputs, outputs, sub["fail"], sub["params"]
        return """
        if (PyArray_DIM(%(x)s, 0) != PyArray_DIM(%(y)s, 0)) {
            PyErr_SetString(PyExc_ValueError, "sizes differ");
            %(fail)s;
        }
        Py_XDECREF(%(z)s);
        %(z)s = (PyArrayObject *)PyArray_SimpleNew(1, PyArray_DIMS(%(x)s), PyArray_TYPE(%(x)s));
        if (!%(z)s) %(fail)s;
        for (npy_intp i = 0; i < PyArray_DIM(%(x)s, 0); i++) {
            double term = scaled(*(dtype_%(y)s *)PyArray_GETPTR1(%(y)s, i), %(params)s->weight);
            *(dtype_%(z)s *)PyArray_GETPTR1(%(z)s, i) =
                *(dtype_%(x)s *)PyArray_GETPTR1(%(x)s, i) + term;
        }
        """ % locals()  # noqa: UP031  (as old programs are written)


class Wrong(Blend):
    """Whose two forms differ."""

    def perform(self, node, inputs, output_storage, params):
        output_storage[0][0] = inputs[0] - params.weight * inputs[1]


class OnlyC(Blend):
    perform = theano.Op.perform


class Broken(Blend):
    def c_code(self, node, name, inputs, outputs, sub):
        return "this is no C;"


X, Y = np.arange(4.0), np.ones(4)


def blended(op, **options):
    x, y = T.dvector("x"), T.dvector("y")
    return theano.function([x, y], op(x, y) * 2, **options)


def test_the_c_code_is_what_runs():
    np.testing.assert_array_equal(blended(Wrong(0.5))(X, Y), 2 * (X + 0.5))
    np.testing.assert_array_equal(blended(Wrong(0.5))(X[::-1], Y), 2 * (X[::-1] + 0.5))


def test_debug_mode_compares_it_with_perform():
    np.testing.assert_array_equal(blended(Blend(0.5), mode="DEBUG_MODE")(X, Y), 2 * (X + 0.5))
    with pytest.raises(ag.errors.DebugError, match="differ"):
        blended(Wrong(0.5), mode="DEBUG_MODE")(X, Y)


def test_an_error_that_the_c_code_sets_is_raised():
    with pytest.raises(ValueError, match="sizes differ"):
        blended(Blend(0.5))(X, np.ones(3))


def test_an_op_with_c_code_only_and_its_gradient():
    op = OnlyC(0.5)
    np.testing.assert_array_equal(blended(op)(X, Y), 2 * (X + 0.5))
    x, y = T.dvector("x"), T.dvector("y")
    f = theano.function([x, y], T.grad((op(x, y) ** 2).sum(), [x, y]))
    gx, gy = f(X, Y)
    np.testing.assert_allclose(gx, 2 * (X + 0.5))
    np.testing.assert_allclose(gy, X + 0.5)


def test_c_code_that_does_not_compile_says_what_the_compiler_said():
    with pytest.raises(ag.errors.BuildError, match=r"Broken.*does not compile.*\n.*error"):
        blended(Broken(0.5))(X, Y)


FILE = """
#section support_code_apply
int APPLY_SPECIFIC(cumulated)(PyArrayObject *x, PyArrayObject **out, PARAMS_TYPE *params) {
    Py_XDECREF(*out);
    *out = (PyArrayObject *)PyArray_SimpleNew(1, PyArray_DIMS(x), TYPENUM_OUTPUT_0);
    if (*out == NULL) return 1;
    DTYPE_OUTPUT_0 total = 0;
    for (npy_intp i = 0; i < PyArray_DIM(x, 0); i += 1) {
        if (i % params->every == 0)
            total += *(DTYPE_INPUT_0 *)PyArray_GETPTR1(x, i);
        *(DTYPE_OUTPUT_0 *)PyArray_GETPTR1(*out, i) = total;
    }
    return 0;
}
"""


def test_an_op_from_a_file_with_sections(tmp_path):
    path = tmp_path / "cumulated.c"
    path.write_text(FILE)

    class Cumulated(gof.COp):
        __props__ = ("every",)
        params_type = gof.ParamsType(every=scalar.int64)

        def __init__(self, every):
            super().__init__([str(path)], "APPLY_SPECIFIC(cumulated)")
            self.every = every

        def make_node(self, x):
            x = T.as_tensor_variable(x)
            return gof.Apply(self, [x], [x.type()])

    x = T.dvector("x")
    f = theano.function([x], [Cumulated(1)(x), Cumulated(2)(x)])
    every, second = f(np.arange(5.0))
    assert every.tolist() == [0, 1, 3, 6, 10]
    assert second.tolist() == [0, 0, 2, 2, 6]


def test_files_without_sections_are_refused(tmp_path):
    path = tmp_path / "plain.c"
    path.write_text("int x;\n")
    with pytest.raises(ValueError, match="#section"):
        gof.COp(str(path), "f")
