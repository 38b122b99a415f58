"""The scalar C of elementwise ops: one inline function for each op and dtypes, for both back ends.

An op's declaration has a C expression a dtype kind; `scalar_function` makes a function of it.
What needs more than an expression stands in preamble/*.h, and `library` copies from there just
what a text names.  A few ops are operators of C and Cython alike; `infix` knows which.

In an expression {x}, {y} and {z} are the operands, already in the type that is computed with: float
for float16 (each result is rounded once), 32 bits for narrower integers.  {t} is the code of that
type ("f8"), {T} its C type, {f} the suffix of libm's functions.  {u} is the code of the operand's
own type, {bits} its width, {wide} the size of a complex number made of two.  A key "f2" or "i8u8"
of the declaration means operands as they are.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

from ..errors import DTypeError
from ..fxgraph.node import Op
from ..fxgraph.types import DType

_WORKING = {"b1": "u4", "i1": "i4", "i2": "i4", "u1": "u4", "u2": "u4", "f2": "f4"}
_INFIX = {
    "add": "+", "subtract": "-", "multiply": "*", "divide": "/", "less": "<", "less_equal": "<=",
    "greater": ">", "greater_equal": ">=", "equal": "==", "not_equal": "!=",
}  # fmt: skip
_WIDE = ("f4", "f8", "i4", "i8", "u4", "u8")


@dataclass(frozen=True, slots=True)
class ScalarFunction:
    """An inline C function: its name, definition ("" where a preamble has it), operand and result
    type codes."""

    name: str
    definition: str
    operands: tuple[str, ...]
    result: str


def code(dtype: DType) -> str:
    """The short name of a dtype: f8, i4, b1, c16.  Its C type is an_f8, and so on."""
    return f"{dtype.kind}{dtype.itemsize}"


def infix(op: Op, operands: tuple[DType, ...]) -> str | None:
    """The C operator that is exactly this op of these operands, or None.

    Narrow integers compute in int, float16 in float, complex numbers by functions: none of those.
    """
    codes = {code(d) for d in operands}
    if len(codes) != 1 or not codes.issubset(_WIDE):
        return None
    if op.name == "divide" and operands[0].kind != "f":
        return None
    return _INFIX.get(op.name) if len(operands) == 2 else None


@lru_cache(4096)
def scalar_function(op: Op, operands: tuple[DType, ...], result: DType) -> ScalarFunction:
    """The function that computes `op` for these dtypes.

    Raises DTypeError where the op has no scalar code for them.
    """
    codes, to = tuple(map(code, operands)), code(result)
    if op.name == "cast":
        return _conversion(codes[0], to)
    name = f"an_{op.name}_{'_'.join(_runs(codes))}"
    text, raw = _template(op, codes)
    working = codes if raw else tuple(_WORKING.get(c, c) for c in codes)
    first = working[_main(op)]
    body = text.format(
        **dict(zip("xyz", "xyz")), t=first, T=f"an_{first}", f=_suffix(first),
        u=codes[0], bits=8 * operands[0].itemsize, wide=2 * operands[0].itemsize,
    )  # fmt: skip
    if re.fullmatch(rf"{name}\((x|x, y|x, y, z)\)", body) and codes == working:
        return ScalarFunction(name, "", codes, to)
    definition = _definition(name, body, codes, working, to)
    if support := op.extra.get("support"):  # C of the user's, once however many dtypes there are
        mark = f"an_support_{hashlib.sha256(support.encode()).hexdigest()[:16]}"
        definition = f"#ifndef {mark}\n#define {mark}\n{support}\n#endif\n{definition}"
    return ScalarFunction(name, definition, codes, to)


def library(functions: Iterable[ScalarFunction], used: str = "") -> str:
    """The C text that defines these functions and all they stand on, each once.

    used: more C whose types and functions are wanted.
    """
    own = {f.name: f.definition for f in functions if f.definition}
    wanted = " ".join([used, *(f"{f.name} an_{f.result}" for f in functions)])
    return "\n".join(_closure(wanted, own, _FILES))


def wide_library(used: str) -> str:
    """The C of vector registers that `used` names, which stands on the types of `library`."""
    return "\n".join(_closure(used, {}, _WIDE_FILES))


# ---- functions ------------------------------------------------------------------------------
def _runs(codes: tuple[str, ...]) -> list[str]:
    """The codes without the repeats that follow each other."""
    return [c for k, c in enumerate(codes) if k == 0 or c != codes[k - 1]]


def _template(op: Op, codes: tuple[str, ...]) -> tuple[str, bool]:
    """The C expression for these operands, and whether it takes them as they are."""
    c = op.scalar_c
    if isinstance(c, str):
        return c, False
    if isinstance(c, dict):
        exact = "".join(_runs(codes))
        if exact in c:
            return c[exact], True
        for key in (codes[_main(op)][0], "*"):
            if key in c:
                return c[key], False
    raise DTypeError(f"{op.name} has no scalar code for {', '.join(codes)}")


def _main(op: Op) -> int:
    """The operand that decides what is computed with: not the condition of a choice."""
    return -1 if op.name == "where" else 0


def _suffix(code: str) -> str:
    return "f" if code in ("f4", "c8") else ""


def _definition(
    name: str, body: str, codes: tuple[str, ...], working: tuple[str, ...], to: str
) -> str:
    """One inline function; halves are widened on the way in and rounded on the way out."""
    operands = list(zip("xyz", codes, working))
    half = any(c != w for _, c, w in operands if c == "f2")
    args = ", ".join(f"an_{c} {v}{'_' if c == 'f2' != w else ''}" for v, c, w in operands)
    head = f"AN_FN an_{to} {name}({args}) {{"
    widened = "".join(
        f" const an_f4 {v} = an_f4_of_f2({v}_);" for v, c, w in operands if c == "f2" != w
    )
    if to == "f2" and half:
        body = f"an_f2_of_f4({body})"
    return f"{head}{widened} return {body}; }}"


def _conversion(a: str, b: str) -> ScalarFunction:
    """NumPy's astype.  What does not fit wraps as on x86, where NumPy leaves it to the machine."""
    name = f"an_cast_{a}_{b}"
    x, at = "x", a
    if (a, b) == ("f2", "u4"):
        x, at = "(an_i8)an_f4_of_f2(x)", "i8"
    elif at == "f2":
        x, at = "an_f4_of_f2(x)", "f4"
    if at[0] == "c" and b == "b1":
        body = f"an_truth_{at}({x})"
    elif at[0] == "c" and b[0] == "c":
        part = _part(b)
        body = f"an_pair_{b}((an_{part})an_real_{at}({x}), (an_{part})an_imag_{at}({x}))"
    else:
        if at[0] == "c":
            x, at = f"an_real_{at}({x})", _part(at)
        body = _real_conversion(x, at, b)
    return ScalarFunction(name, f"AN_FN an_{b} {name}(an_{a} x) {{ return {body}; }}", (a,), b)


def _part(c: str) -> str:
    """The code of the parts of a complex type."""
    return {"c8": "f4", "c16": "f8"}[c]


def _real_conversion(x: str, a: str, b: str) -> str:
    if b == "b1":
        return f"{x} != 0"
    if b[0] == "c":
        return f"an_pair_{b}((an_{_part(b)}){x}, 0)"
    if b == "f2":
        return f"an_f2_of_f8({x})" if a == "f8" else f"an_f2_of_f4((an_f4){x})"
    if a[0] == "f" and b in ("u4", "u8"):
        return f"an_{b}_of_f8({x})"
    if a[0] == "f" and b[0] in "iu" and b not in ("i4", "i8"):
        return f"(an_{b})(an_i4){x}"
    return f"(an_{b}){x}"


# ---- the preambles --------------------------------------------------------------------------
#: In this order: where two define a name, the first does.
_FILES = (
    "types", "libm", "exponential", "logarithm", "mixed", "integer", "real", "complex", "special",
    "normal", "gamma", "bessel",
)  # fmt: skip
#: Of vector registers.
_WIDE_FILES = ("wide", "wide_exp", "wide_log", "wide_log1p", "wide_root")
#: What is read once more with the narrower type: the types that change.
_DERIVED = {
    "libm": "f", "integer": "iu", "real": "f", "complex": "fc", "special": "f", "normal": "f",
    "gamma": "f", "bessel": "f", **dict.fromkeys(_WIDE_FILES, "fu"),
}  # fmt: skip
_LIBM = (
    "sin cos tan asin acos atan atan2 sinh cosh tanh asinh acosh atanh exp exp2 expm1 log log2 "
    "log10 log1p pow cbrt erf erfc hypot fabs floor ceil trunc rint fma fmod copysign nextafter "
    "ldexp frexp sqrt lgamma cexp clog csqrt cpow csin ccos ctan casin cacos catan csinh ccosh "
    "ctanh casinh cacosh catanh"
).split()
_DEFINES = re.compile(
    r"#define (\w+)|typedef [^;{]*?(\w+);|} (\w+);|AN_(?:WIDE_)?F(?:N|AR) \w+ (\w+)\("
    r"|^AN_VECTOR\w*\(\w+, (\w+)\)|^an_c\d+ (\w+)\(|^static const \w+ (\w+) =",
    re.MULTILINE,
)
_WORD = re.compile(r"[A-Za-z_]\w*")


@cache
def _pieces(names: tuple[str, ...]) -> tuple[tuple[str, ...], dict[str, int]]:
    """Preambles in pieces, and which piece defines a name.  The first is always wanted."""
    texts: list[str] = []
    at: dict[str, int] = {}
    folder = files(__package__) / "preamble"
    for name in names:
        text = re.sub(r"/\*.*?\*/\n?", "", (folder / f"{name}.h").read_text(), flags=re.DOTALL)
        versions = [text, _narrower(text, _DERIVED[name])] if name in _DERIVED else [text]
        for piece in (p.strip("\n") for version in versions for p in re.split(r"\n\s*\n", version)):
            if not piece or piece in texts:
                continue
            for found in _DEFINES.finditer(piece):
                at.setdefault(next(filter(None, found.groups())), len(texts))
            texts.append(piece)
    return tuple(texts), at


def _narrower(text: str, kinds: str) -> str:
    """A preamble for double, int64 or complex128 read for float, int32 or complex64."""
    text = re.sub(rf"_([{kinds}])8\b", r"_\g<1>4", text)
    text = re.sub(r"_c16\b", "_c8", text).replace("double _Complex", "float _Complex")
    return re.sub(rf"\b({'|'.join(_LIBM)})(?=[(,)])", r"\1f", text)


def _closure(wanted: str, own: dict[str, str], names: tuple[str, ...]) -> list[str]:
    """Pieces and definitions that `wanted` names, directly or not, in an order that C accepts."""
    texts, at = _pieces(names)
    ready: list[str] = [texts[0]]
    seen: set[str] = {texts[0]}
    stack: list[tuple[str, bool]] = [(wanted, False)]
    while stack:
        text, expanded = stack.pop()
        if expanded:
            ready.append(text)
        elif text not in seen:
            seen.add(text)
            stack.append((text, True))
            for word in reversed(dict.fromkeys(_WORD.findall(text))):
                piece = texts[at[word]] if word in at else _conversion_named(word)
                if needed := own.get(word, piece):
                    stack.append((needed, False))
    return ready[:-1]


def _conversion_named(word: str) -> str:
    """The definition of an_cast_A_B, or "" for another name."""
    found = re.fullmatch(r"an_cast_([biufc]\d+)_([biufc]\d+)", word)
    return _conversion(*found.groups()).definition if found else ""
