"""Random single calls of NumPy: every function of the tables below in the argument forms that it
takes, over arrays of every dtype, rank, size and memory order, special values among them.

A program is the text of `def f(...)` with one call; most are valid, and what NumPy refuses must be
refused with the same class of error.  Which arrays the names stand for is drawn from the seed alone.
"""

# ruff: noqa: E501

from __future__ import annotations

import contextlib
import random
import re
from typing import Any

import numpy as np

_REAL = "? i1 u1 i2 u2 i4 u4 i8 u8 f2 f4 f8"
#: Names of the arguments -> the dtypes they may have.  x, y: any; f, g: real floats; i, j: integers;
#: c: a mask; k: three positions; S: a square matrix; o: for out=; w: a vector; m: sorted floats
DTYPES = {
    "x": f"{_REAL} f8 f8 i8 c8 c16", "y": f"{_REAL} f8 f8 i8 c8 c16", "f": "f8 f8 f4 f2", "g": "f8 f8 f4",
    "i": "i8 i8 i4 i1 u1 u2 u8", "j": "i8 i8 i4 u1", "c": "?", "k": "i8 i4 u1", "S": "f8 f8 f4 c16",
    "T": "f8 f8 f4 i8", "o": "f8 f8 f4 i8 i4 ? c16", "w": "f8 f8 f4 i8 i4", "m": "f8 f8 f4",
}  # fmt: skip
SHAPES = [
    (),
    (0,),
    (1,),
    (3,),
    (5,),
    (5,),
    (2, 3),
    (3, 3),
    (0, 3),
    (3, 1),
    (4, 5),
    (2, 3, 4),
    (1, 1),
    (2, 1, 3),
    (9,),
]

_UNARY = """abs absolute arccos arccosh arcsin arcsinh arctan arctanh bitwise_count cbrt ceil conj cos cosh deg2rad
degrees exp exp2 expm1 fabs floor frexp invert isfinite isinf isnan log log10 log1p log2 logical_not modf negative
positive rad2deg radians reciprocal rint sign signbit sin sinh spacing sqrt square tan tanh trunc""".split()
_BINARY = """add arctan2 bitwise_and bitwise_or bitwise_xor copysign divide divmod equal float_power floor_divide fmax
fmin fmod gcd greater greater_equal heaviside hypot lcm ldexp left_shift less less_equal logaddexp logaddexp2
logical_and logical_or logical_xor maximum minimum multiply nextafter not_equal power remainder right_shift
subtract""".split()
_FOLDS = "add multiply maximum minimum logical_and logical_or bitwise_or bitwise_and bitwise_xor fmax fmin".split()
_REDUCE = "axis keepdims dtype where initial out"
_NAN = "axis keepdims out"
_ORDERS = "'linear','lower','higher','midpoint','nearest','hazen','weibull','median_unbiased'"

#: (what is called with its positional arguments, the keywords it takes)
CALLS: list[tuple[str, str]] = [
    *((f"np.{u}({{}})".format(a), "out dtype casting order where+out") for u in _UNARY for a in ("x",)),
    *((f"np.{u}({a})", "out dtype casting order where+out") for u in _BINARY
      for a in ("x, y", "x, y", "i, j", "f, g", "x, {number}", "{number}, x")
      # comparisons of arrays with integers out of their range crash NumPy 2.4 there
      if "equal" not in u and "greater" not in u and "less" not in u or "number" not in a),
    *((f"np.{u}.reduce(x)", _REDUCE) for u in _FOLDS),
    *((f"np.{u}.accumulate(x)", "axis dtype out") for u in _FOLDS),
    *((f"np.{u}.outer({a})", "dtype") for u in _FOLDS for a in ("x, y", "w, k")),
    *((f"np.{u}.reduceat(x, {{starts}})", "axis") for u in ("add", "multiply", "maximum", "minimum")),
    *((f"(np.{u}.at(x, k, {{number}}), x)[1]", "") for u in ("add", "multiply", "maximum", "subtract")),
    *((f"({a} {op} {b})", "") for op in "+ - * / // % ** & | ^ << >> < <= == !=".split()
      for a, b in (("x", "y"), ("x", "{number}"), ("{number}", "x"), ("i", "j"))),
    *((f"{op}x", "") for op in "+-~"),
    *((f"np.{r}(x)", _REDUCE) for r in ("sum", "prod")),
    *((f"np.{r}(x)", "axis keepdims where initial out") for r in ("max", "min", "amax", "amin")),
    *((f"np.{r}(x)", "axis keepdims where out") for r in ("all", "any")),
    ("np.mean(x)", "axis keepdims dtype where out"), ("np.ptp(x)", "axis keepdims"),
    *((f"np.{r}(x)", "axis keepdims dtype where ddof") for r in ("std", "var")),
    *((f"np.{r}(x)", "axis keepdims out") for r in ("argmax", "argmin")),
    ("np.count_nonzero(x)", "axis keepdims"), ("np.average(x)", "axis keepdims returned"),
    ("np.average(x, weights=f)", "axis keepdims returned"),
    *((f"np.{r}(f)", _NAN) for r in ("nansum", "nanprod", "nanmax", "nanmin", "nanmean", "nanmedian")),
    *((f"np.{r}(f)", "axis keepdims ddof") for r in ("nanstd", "nanvar")),
    *((f"np.{r}(f)", "axis keepdims") for r in ("nanargmax", "nanargmin")),
    *((f"np.{r}(x)", "axis dtype out") for r in ("cumsum", "cumprod", "nancumsum", "nancumprod")),
    ("np.cumulative_sum(w)", "dtype initial_bool"), ("np.cumulative_prod(x)", "axis dtype initial_bool"),
    ("np.median(x)", "axis keepdims"),
    ("np.percentile(f, {percent})", f"axis keepdims method:{_ORDERS}"),
    ("np.quantile(f, {fraction})", f"axis keepdims method:{_ORDERS}"),
    ("np.nanquantile(f, {fraction})", "axis keepdims"), ("np.nanpercentile(f, {percent})", "axis keepdims"),
    *((f"x.{r}()", _REDUCE) for r in ("sum", "prod")),
    *((f"x.{r}()", "axis keepdims where") for r in ("max", "min", "all", "any", "mean")),
    *((f"x.{r}()", "axis keepdims ddof") for r in ("std", "var")),
    *((f"x.{r}()", "axis") for r in ("cumsum", "cumprod", "argmax", "argmin", "argsort", "repeat(2).sum")),
    *((f"np.{r}(x)", "axis kind:'stable','quicksort'") for r in ("sort", "argsort")),
    ("(x.sort(), x)[1]", ""), ("(x.sort(axis=0), x)[1]", ""), ("np.lexsort((i, w))", ""), ("np.lexsort((f, i))", "axis"),
    ("np.sort(np.partition(x, 1), axis=-1)", ""), ("np.searchsorted(m, f)", "side:'left','right'"),
    ("np.searchsorted(m, x)", "side:'left','right'"), ("np.digitize(x, m)", "right:True,False"),
    ("np.unique(x)", "flags:return_index,return_inverse,return_counts axis"), ("np.unique(x)", ""),
    *((f"np.{s}(x, y)", "") for s in ("union1d", "intersect1d", "setdiff1d", "setxor1d")),
    ("np.isin(x, y)", "invert:True,False"), ("np.nonzero(x)", ""), ("np.argwhere(x)", ""), ("np.flatnonzero(x)", ""),
    ("np.bincount(k)", "minlength:0,7"), ("np.bincount(k, weights={w3})", "minlength:0,7"),
    ("np.histogram(f, 4, range=(0, 2))", "density:True,False"), ("np.histogram(w, bins=m)", "density:True,False"),
    ("np.interp(f, m, m * 2)", "left:-1,0.5 right:7,0.25"), ("np.interp({number}, m, m ** 2)", ""),
    # shapes
    ("np.reshape(x, {shape})", "order:'C','F','A'"), ("x.reshape({shape})", "order:'C','F','A'"), ("x.reshape(-1)", ""),
    ("np.ravel(x)", "order:'C','F','A','K'"), ("x.flatten()", "order:'C','F','A','K'"), ("x.ravel()", ""),
    ("np.transpose(x)", "axes"), ("x.T", ""), ("x.swapaxes({axis}, {axis})", ""), ("np.moveaxis(x, {axis}, {axis})", ""),
    ("np.rollaxis(x, {axis})", ""), ("np.expand_dims(x, {axis})", ""), ("np.squeeze(x)", "axis"), ("x.squeeze()", "axis"),
    ("np.flip(x)", "axis"), ("np.fliplr(x)", ""), ("np.flipud(x)", ""), ("np.rot90(x)", "k:0,1,2,3,-1,5"),
    ("np.roll(x, {small})", "axis"), ("np.roll(x, (1, -2), axis=(0, {axis}))", ""), ("np.tile(x, {reps})", ""),
    ("np.repeat(x, {small})", "axis"), ("np.repeat(w, k)", ""), ("np.broadcast_to(x, {wide})", ""), ("np.atleast_1d(x, y)", ""),
    ("np.atleast_2d(x)", ""), ("np.atleast_3d(x)", ""), ("np.resize(x, {shape})", ""), ("np.diff(x)", "axis n:0,1,2,3"),
    ("np.ediff1d(x)", ""), ("np.gradient(f)", "axis edge_order:1,2"), ("np.gradient(f, 0.5)", ""), ("np.trapezoid(f)", "axis dx:0.5,2"),
    ("np.diag(x)", "k:0,1,-1,2"), ("np.diagonal(x)", "offset:0,1,-1"), ("np.trace(x)", "offset:0,1,-1 dtype"), ("np.diagflat(x)", "k:0,1,-1"),
    ("np.tril(x)", "k:0,1,-1"), ("np.triu(x)", "k:0,1,-1"), ("np.vander(w)", "N:2,4 increasing:True,False"), ("np.tri({small})", "M:2,4 k:0,1 dtype"),
    ("np.pad(x, {pad})", "mode:'constant','edge','reflect','symmetric','wrap','maximum','mean','linear_ramp'"), ("np.pad(x, 1)", "constant_values:3,-1"),
    ("np.delete(x, {small})", "axis"), ("np.insert(x, {small}, {number})", "axis"), ("np.append(x, y)", "axis"),
    ("np.trim_zeros(w)", "trim:'f','b','fb'"), ("np.split(x, {parts})", "axis"), ("np.array_split(x, 3)", "axis"),
    *((f"np.{j}((x, y))", "axis dtype casting") for j in ("concatenate", "stack")), ("np.concatenate((x, x, y), axis=None)", ""),
    ("np.concatenate((x, y))", "axis out"),
    *((f"np.{j}((x, y))", "dtype casting") for j in ("hstack", "vstack")), ("np.dstack((x, x))", ""), ("np.column_stack((x, y))", ""),
    ("np.block([[x, x], [x, x]])", ""), ("np.meshgrid(w, f)", "indexing:'ij','xy' sparse:True,False"), ("np.ix_(k, k)", ""),
    ("np.unstack(x)", "axis"),
    # creation and casts
    ("x.astype({type})", "casting order copy:True,False"), ("np.array(x)", "dtype copy:True ndmin:0,2,3 order"), ("np.asarray(x)", "dtype order"),
    ("np.astype(x, {type})", ""), ("np.asfortranarray(x)", ""), ("np.ascontiguousarray(x)", ""), ("np.copy(x)", "order"), ("x.copy()", "order"),
    ("np.full_like(x, {number})", "dtype order"), ("np.zeros_like(x)", "dtype order"), ("np.ones_like(x)", "dtype"), ("np.full({shape}, {number})", "dtype"),
    ("np.arange({plain}, {plain}, {plain})", "dtype"), ("np.arange({small})", "dtype"), ("np.linspace({number}, {number}, {count})", "endpoint:True,False retstep:True,False dtype"),
    ("np.linspace(f, g, {count})", "axis"), ("np.logspace({number}, 2, {count})", "base:2,10"), ("np.geomspace(1, 8, {count})", ""), ("np.eye({small})", "M:2,4 k:0,1,-1 dtype"),
    ("np.identity({small})", "dtype"), ("np.array([{number}, {number}])", "dtype"), ("np.array([x, x])", "dtype"), ("np.float32({number})", ""), ("np.int8({number})", ""),
    ("x.real", ""), ("x.imag", ""), ("np.real(x)", ""), ("np.imag(x)", ""), ("np.angle(x)", "deg:True,False"), ("x.conj()", ""), ("np.nan_to_num(x)", "nan:7,-1.5 posinf:9 neginf:-9"),
    ("np.isclose(x, y)", "rtol:0.1 atol:0.5 equal_nan:True,False"), ("np.allclose(x, y)", "equal_nan:True,False"), ("np.array_equal(x, x)", "equal_nan:True,False"), ("np.array_equiv(x, y)", ""),
    ("np.isreal(x)", ""), ("np.iscomplex(x)", ""), ("np.isposinf(f)", ""), ("np.isneginf(f)", ""), ("np.sinc(f)", ""), ("np.i0(f)", ""), ("np.fix(f)", ""), ("np.unwrap(f)", "axis discont:1.5 period:3"),
    ("np.round(x)", "decimals:0,1,2,-1,3"), ("x.round({small})", ""), ("np.clip(x, {number}, {number})", "out dtype"), ("np.clip(x, y, None)", ""), ("np.clip(x, None, y)", ""), ("x.clip(min={number})", ""),
    ("np.clip(x, f, y)", ""), ("np.where(c, x, y)", ""), ("np.where(c, x, {number})", ""), ("np.where(x, {number}, y)", ""), ("np.where(c)", ""), ("np.select([c, x > 1], [x, y], {number})", ""),
    ("np.choose(np.abs(k) % 2, [w[:3], f.ravel()[:3]])", "mode:'clip','wrap','raise'"), ("np.piecewise(f, [f < 0, f >= 0], [-1, 1])", ""),
    # places
    ("x[k]", ""), ("x[{index}]", ""), ("x[{index}]", ""), ("x[c]", ""), ("x[x > 1]", ""), ("x[..., k]", ""), ("x[k, None]", ""), ("np.take(x, k)", "axis mode:'raise','clip','wrap' out"),
    ("np.take(x, {small})", "axis mode:'raise','clip','wrap'"), ("np.take_along_axis(x, np.argsort(x, axis={axis}), {axis})", ""), ("np.compress(c.ravel(), x)", ""), ("np.extract(c, x)", ""),
    ("(np.put(x, k, w, {mode}), x)[1]", ""), ("(np.putmask(x, c, y), x)[1]", ""), ("(np.place(x, c, w), x)[1]", ""), ("(np.copyto(x, y), x)[1]", ""), ("(np.copyto(x, y, casting={casting}), x)[1]", ""),
    ("(np.copyto(x, y, where=c), x)[1]", ""), ("(np.fill_diagonal(x, {number}), x)[1]", ""), ("x.item({small})", ""), ("(x.fill({number}), x)[1]", ""),
    ("(x.__setitem__({index}, {number}), x)[1]", ""), ("(x.__setitem__({index}, y), x)[1]", ""), ("(x.__setitem__(c, {number}), x)[1]", ""), ("(x.__setitem__(k, y), x)[1]", ""), ("(x.__iadd__(y), x)[1]", ""),
    ("(x.__imul__({number}), x)[1]", ""), ("(x.__itruediv__(y), x)[1]", ""), ("(x.__ifloordiv__(y), x)[1]", ""), ("(x.__ipow__({number}), x)[1]", ""), ("(x.__iand__(y), x)[1]", ""),
    ("np.ravel_multi_index((k, k), (3, 4))", "mode:'clip','wrap' order:'C','F'"), ("np.unravel_index(k, (3, 4))", "order:'C','F'"),
    # products
    ("np.dot(x, y)", "out"), ("np.matmul(x, y)", "dtype out"), ("(x @ y)", ""), ("np.inner(x, y)", ""), ("np.outer(x, y)", ""), ("np.vdot(x, y)", ""), ("np.vecdot(x, y)", "axis"), ("np.tensordot(x, y, {axes})", ""),
    ("np.kron(x, y)", ""), ("np.cross(f, g)", ""), ("(S @ T)", ""), ("(S @ S.T)", ""), ("np.einsum('ij,jk->ik', S, S)", ""), ("np.einsum('ii', S)", ""), ("np.einsum('...i,...i->...', x, y)", ""), ("np.einsum('ij->ji', S)", ""),
    ("np.convolve(w, m)", "mode:'full','same','valid'"), ("np.correlate(w, m)", "mode:'full','same','valid'"), ("np.polyval(w, x)", ""), ("np.polymul(w, m)", ""), ("np.polyadd(w, m)", ""), ("np.polyder(w)", "m:1,2"),
    ("np.cov(S)", "rowvar:True,False bias:True,False ddof"), ("np.corrcoef(np.abs(S))", "rowvar:True,False"),
    *((f"np.linalg.{f}(S)", "") for f in ("inv", "det", "slogdet", "norm", "matrix_rank", "cholesky", "svdvals")),
    ("np.linalg.solve(S, T)", ""), ("np.linalg.solve(S, S)", ""), ("np.linalg.matrix_power(S, {small})", ""), ("np.linalg.norm(x)", "axis keepdims ord:None,1,2,np.inf,-np.inf,0,3"), ("np.linalg.multi_dot([S, S, T])", ""),
    ("np.linalg.vector_norm(f)", "axis keepdims ord:1,2,np.inf"), ("np.linalg.pinv(S)", ""), ("np.linalg.lstsq(S, T, rcond=None)[0]", ""), ("np.linalg.eigvalsh(S @ S.conj().T)", ""),
    *((f"np.fft.{f}(x)", "n:2,5,8 axis norm:'ortho','forward'") for f in ("fft", "ifft", "rfft")), ("np.fft.fftshift(x)", "axes:0,-1"), ("np.fft.fftfreq({count})", "d:0.5"), ("np.fft.irfft(x)", "n:4,5 axis"), ("np.fft.fft2(x)", ""),
    ("np.result_type(x, y)", ""), ("(x.ndim, x.size, x.shape, x.itemsize, x.nbytes)", ""), ("np.apply_along_axis(np.sum, {axis}, x)", ""), ("x.tolist()", ""), ("len(x)", ""), ("bool(x)", ""), ("float(x)", ""), ("int(x)", ""),
    ("[v for v in x]", ""), ("max(x)", ""), ("sum(x)", ""), ("sorted(x)", ""), ("list(zip(x, y))", ""), ("abs(x)", ""), ("divmod(x, y)", ""), ("round(x, 1)", ""), ("pow(x, 2)", ""), ("x.trace()", ""), ("x.dot(y)", ""), ("x.nonzero()", ""),
    ("np.bartlett({count})", ""), ("np.hanning({count})", ""), ("np.apply_over_axes(np.sum, x, [0])", ""), ("np.indices({shape})", "sparse:True,False"), ("np.shape(x)", ""), ("np.size(x)", "axis"), ("np.ndim(x)", ""),
]  # fmt: skip


class Writer:
    """One call.  `shape` is that of x."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(f"calls {seed}")
        self.shape = self.one(*SHAPES)
        self.special = self.random.random() < 0.3

    def one(self, *choices: Any) -> Any:
        return self.random.choice(choices)

    def text(self) -> str:
        call, keywords = self.one(*CALLS)
        forgets = call[:7] in ("np.nanp", "np.nanq") and 0 in self.shape
        if forgets or (call[:9] == "np.where(" and not self.shape):
            # np.where gives numbers, no arrays of no axes (docs/differences.md); NumPy's quantiles
            # without nan forget the axis of q where an array is empty
            self.shape = (3,)
        call = re.sub(r"\{(\w+)\}", lambda m: self.value(m[1]), call)
        given = self.keywords(keywords)
        if given:
            call = f"{call[:-1]}{'' if call[-2] == '(' else ', '}{', '.join(given)})"
        used = [n for n in DTYPES if re.search(rf"(?<![\w.'])\b{n}\b(?!=|')", call)]
        return f"import numpy as np\n\n\ndef f({', '.join(used)}):\n    return {call}\n"

    def keywords(self, names: str) -> list[str]:
        """Each with a chance of about a third."""
        made = []
        for name in re.findall(r"[\w+]+(?::[^ ]+)?", names):
            if self.random.random() > 0.35:
                continue
            word, _, choices = name.partition(":")
            if word == "flags":
                made += [f"{w}=True" for w in choices.split(",") if self.random.random() < 0.5]
            elif word == "where+out":
                made = [k for k in made if k[:3] != "out"] + ["out=o", "where=c"]
            elif choices:
                made.append(f"{word}={self.one(*choices.split(',')).strip()}")
            elif word == "initial_bool":
                made.append("include_initial=True")
            elif word in ("out", "where"):
                made += [f"{word}={'o' if word == 'out' else 'c'}"] * (
                    f"{word}=" not in "".join(made)
                )
            else:
                made.append(f"{word}={self.value(word)}")
        return made

    def value(self, what: str) -> str:
        rank = len(self.shape)
        if what == "axis":
            whole = [str(k) for k in range(-rank, rank)] * 2
            return str(
                self.one(
                    "None",
                    str(rank),
                    "0",
                    "-1",
                    *whole,
                    *(["(0, 1)", "(-1, 0)"] if rank > 1 else ["(0,)"]),
                )
            )
        if what == "axes":
            order = list(range(rank))
            self.random.shuffle(order)
            return str(tuple(order)) if self.random.random() < 0.9 else "(0, 0)"
        if what == "shape":
            n = int(np.prod(self.shape))
            return str(
                self.one(
                    (n,),
                    (1, n),
                    (n, 1),
                    (-1,),
                    (2, -1),
                    (-1, 3),
                    (n // 2, 2),
                    self.shape[::-1],
                    (2, 2),
                    (),
                )
            )
        return str(self.one(*{
            "keepdims": ("True", "True", "False"), "returned": ("True",), "ddof": ("0", "1", "2", "0.5"),
            "dtype": ("np.float32", "np.float64", "float", "int", "bool", "np.int8", "np.complex128", "'f4'", "np.uint8", "np.float16", "complex"),
            "type": ("np.float32", "float", "int", "bool", "np.int8", "np.complex64", "'f8'", "np.uint8", "np.float16", "np.uint32"),
            "initial": ("0", "1", "5", "-1.5", "np.inf"), "casting": ("'no'", "'equiv'", "'safe'", "'same_kind'", "'unsafe'"),
            "order": ("'C'", "'F'", "'K'", "'A'"), "mode": ("'clip'", "'wrap'", "'raise'"),
            "plain": ("2", "-1", "0", "3", "0.5", "-1.5", "1.0", "True", "np.inf", "300", "np.float32(2)", "1e30", "-2"),
            "number": ("2", "-1", "0", "3", "0.5", "-1.5", "1.0", "True", "1j", "np.nan", "np.inf", "-0.0", "np.float32(2)", "np.int8(3)", "300", "np.uint8(7)", "1e30", "-2", "np.float64(0.25)"),
            "small": ("0", "1", "2", "-1", "3"), "count": ("0", "1", "2", "5", "7"), "parts": ("1", "3", "2", "[1, 2]", "[1]"),
            "percent": ("50", "0", "[10, 90]", "33.3", "100"), "fraction": ("0.5", "0.0", "[0.1, 0.9]", "0.37", "1.0", "1.5"),
            "starts": ("[0, 2]", "[0]", "[0, 1, 1]", "[2, 0]"), "reps": ("2", "(2, 1)", "(1, 2, 2)", "0"), "pad": ("1", "(1, 2)", "0", "2"), "w3": ("[0.5, 1.5, 2]", "w[:3]"),
            "wide": ("(2, 3)", "(4, 5)", "(2, 2, 3)", "(3, 3)", "(5,)"), "index": (
                "0", "-1", "slice(1, None)", "slice(None, None, -1)", "slice(None, None, 2)", "(Ellipsis, 0)", "None", "(slice(None), 0)", "Ellipsis", "(0, 0)", "(Ellipsis, None, -1)", "slice(-2, None)", "(k, 0)",
                "(slice(None), k)", "([0, 0],)", "(0, slice(None, None, -1))", "2", "(k, k)", "slice(5, 1, -2)", "True", "[True, False, True]", "7"),
        }.get(what, (what,))))  # fmt: skip


def program(seed: int) -> str:
    """The text of one call, with `def f(...)`."""
    return Writer(seed).text()


def arguments(text: str, seed: int) -> tuple[Any, ...]:
    """x has the shape that the program was written for, most others the same or one that fits."""
    found = re.search(r"^def f\((.*)\):", text, re.M)
    assert found is not None
    writer = Writer(seed)
    writer.text()
    shape, rng = writer.shape, np.random.default_rng(seed)
    special = re.search(_UNSETTLED, text) is None
    made = {name: _array(name, shape, rng, special) for name in DTYPES}
    if re.search(r"prod\(|multiply\.reduce", text) and made["x"].dtype.kind == "c":
        made["x"][~np.isfinite(made["x"])] = 1.0  # infinite or nan: see _UNSETTLED
    made["o"] = _room(text, shape, made["o"], rng)
    if ".at(" in text and made["x"].dtype.char in "LQ":
        # NumPy goes by way of float64, and what does not fit back is undefined
        made["x"] = made["x"].astype(np.uint32)
    if "subtract.at(" in text and made["x"].dtype.kind == "b":
        made["x"] = made["x"].astype(np.int8)  # of two errors NumPy raises another first
    if re.search(r"setitem|copyto|putmask|place", text) and made["x"].dtype.kind in "iu":
        if made["y"].dtype.kind == "c":  # which integer inf or nan becomes is undefined
            made["y"][~np.isfinite(made["y"])] = 1.0
    if re.search(r"initial=(np.inf|-1.5).*out=", text):  # the start, too
        made["o"] = made["o"].astype(float)
    if re.search(r"(max|min|(mum|wise_and|fmax|fmin)\.reduce)\(.*out=", text) and made["o"].dtype.kind in "biu":
        # the first element goes by way of out= (docs/differences.md)
        reduced = made["f" if "nan" in text else "x"]
        made["o"] = made["o"].astype(np.promote_types(made["o"].dtype, reduced.dtype))
    if "nanmedian" in text:  # NumPy stores its answer in out= as a number of Python
        made["o"] = made["o"].astype(float)
        # and adds the middle element to itself, which may overflow (docs/differences.md)
        large = np.isfinite(made["f"]) & (np.abs(made["f"]) > np.finfo(made["f"].dtype).max / 2)
        made["f"][large] = 1.0
    if "initial=np.inf" in text:  # times a complex number: see _UNSETTLED
        made["x"] = made["x"].real
    if "np.put(" in text and made["x"].size < 3:  # NumPy has put a part when one is out of bounds
        made["k"][:] = 0
    if re.search(r"item\(|int\(|tolist", text) and made["x"].dtype.char in "LQ":
        # Python ints beyond 64 bits raise OverflowError (docs/differences.md)
        made["x"] = np.minimum(made["x"], np.uint64(2**63 - 1))
    if "np.i0(" in text:  # NumPy computes that of float16 in it (docs/differences.md)
        made["f"] = made["f"].astype(np.promote_types(made["f"].dtype, np.float32))
    if "polymul" in text:  # leading zeros stay (docs/differences.md)
        made["w"][made["w"] == 0] = 1
    if "np.dot(" in text and not (made["x"].ndim and made["y"].ndim):
        # of numbers, what NumPy asks of out= depends on whether their dtypes are BLAS's
        made["x"] = np.atleast_1d(made["x"])
        product = np.asarray(np.dot(made["x"], made["y"]))
        made["o"] = np.zeros(product.shape, product.dtype)
    return tuple(made[name] for name in found[1].split(", ") if name)


#: Whether inf or nan comes out of complex products and transforms depends on the algorithm; NumPy's
#: quantiles without nan have another dtype where all is nan; some reductions take their first
#: element by way of the dtype of out=; sorted() puts nan last; `initial` of products comes last
#: (docs/differences.md).
_UNSETTLED = (
    r"fft|dot|matmul|@|inner|outer|einsum|kron|convolve|correlate|cov|corrcoef|poly"
    r"|sorted|nan(percentile|quantile)\(f, \[|reduce.*dtype=bool.*out="
    r"|(multiply\.reduce|prod).*initial="
)


def _room(text: str, shape: tuple[int, ...], o: Any, rng: np.random.Generator) -> Any:
    """What out= gives: of x's shape, or, more often, of what is left of it without its axis.
    NumPy's cumprod crashes with an answer of no axes."""
    axis = re.search(r"\((?!.*at\().*axis=(-?\d)", text)
    if re.search(r"np\.(nan)?cum(sum|prod)\(", text):
        # in another dtype NumPy fills a part of an out= that has another shape
        return np.zeros(int(np.prod(shape)) if axis is None else shape, o.dtype)
    if "nanmedian" in text:  # NumPy broadcasts to its out=
        axis = re.search(r"axis=(-?\d|\(.*?\))", text)
        with np.errstate(all="ignore"), contextlib.suppress(np.exceptions.AxisError):
            chosen = eval(axis[1]) if axis else None  # noqa: S307
            kept = "keepdims=True" in text
            return np.zeros(np.median(np.zeros(shape), chosen, keepdims=kept).shape, o.dtype)
        return o
    if (
        not re.search(r"reduce\(|arg|sum|prod|mean|max\(|min\(|all\(|any\(|med", text)
        or "cum" in text
    ):
        return np.zeros((1,), o.dtype) if not shape else o
    if rng.random() < 0.7 and (axis is None or -len(shape) <= int(axis[1]) < len(shape)):
        left = list(shape)
        gone = range(len(shape)) if axis is None else [int(axis[1])]
        for k in gone:
            left[k] = 1
        if "keepdims=True" not in text:
            left = [d for k, d in enumerate(left) if k not in [g % len(shape) for g in gone]]
        return np.zeros(left, o.dtype)
    return np.zeros((1,), o.dtype) if not shape else o


def _array(
    name: str, shape: tuple[int, ...], rng: np.random.Generator, special: bool = True
) -> Any:
    dtype = np.dtype(str(rng.choice(DTYPES[name].split())))
    if name == "k":
        return rng.integers(0, 3, 3).astype(dtype)
    if name == "S":
        values = rng.standard_normal((3, 3)) + 3 * np.eye(3)
        return values.astype(dtype)
    if name in "Tw":
        return (rng.standard_normal(3 if name == "T" else 5) * 3).astype(dtype)
    if name == "m":
        return np.sort(rng.standard_normal(5)).astype(dtype)
    if name in "yg" and rng.random() < 0.4:
        choices = [
            (),
            shape[-1:],
            tuple(1 if rng.random() < 0.5 else d for d in shape),
            shape[::-1],
        ]
        shape = choices[rng.integers(len(choices))]
    return _laid(_values(dtype, shape, rng, special), rng)


def _values(
    dtype: np.dtype[Any], shape: tuple[int, ...], rng: np.random.Generator, special: bool
) -> Any:
    special = rng.random() < 0.3 and special
    with np.errstate(all="ignore"):
        if dtype.kind == "b":
            return np.asarray(rng.random(shape) < 0.5)
        if dtype.kind in "iu":
            values = rng.integers(0 if dtype.kind == "u" else -5, 9, shape).astype(dtype)
            edges: Any = [np.iinfo(dtype).min, np.iinfo(dtype).max, 0]
        else:
            values = np.round(rng.standard_normal(shape) * 3, 2).astype(dtype)
            if dtype.kind == "c":
                values = (values + 1j * np.round(rng.standard_normal(shape), 2)).astype(dtype)
            edges = [np.nan, np.inf, -np.inf, -0.0, 0.0, np.finfo(dtype).max, np.finfo(dtype).tiny]
        values = np.asarray(values)
        if special and values.size:
            where = rng.random(shape) < 0.3
            values[where] = rng.choice(np.array(edges, dtype), int(where.sum()))
    return values


def _laid(x: Any, rng: np.random.Generator) -> Any:
    """The same values in another memory order, two times in five."""
    r = rng.random()
    if not x.ndim or r < 0.6:
        return x
    if r < 0.7:
        return np.asfortranarray(x)
    if r < 0.8:
        wide = np.zeros([2 * n for n in x.shape], x.dtype)[(slice(None, None, 2),) * x.ndim]
        wide[...] = x
        return wide
    if r < 0.95:
        back = np.empty_like(x)[(slice(None, None, -1),) * x.ndim]
        back[...] = x
        return back
    return np.moveaxis(np.moveaxis(x, 0, -1).copy(), -1, 0)
