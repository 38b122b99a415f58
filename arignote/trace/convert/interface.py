"""What converted code calls: the operators, as a protocol.

`converted(fn, operators)` takes any object (usually a module) with these attributes.  The comment
beside each is the plain Python that it stands for; an implementation must do exactly that when
the values it looks at are Python's own.  `State` is the tuple of the current values of `names`.
"""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from .site import Site

State = tuple[Any, ...]
Get = Callable[[], State]
Put = Callable[[State], None]
Thunk = Callable[[], Any]


class Operators(Protocol):
    """The functions that converted code calls.  All arguments are given by position, except
    the keywords of `call` and the last two arguments of `comprehension`."""

    tracing_errors: Any
    """An exception class, or a tuple of some, that a user's `except` must not catch."""

    def if_(
        self,
        pred: Any,
        then: Thunk,
        other: Thunk,
        get: Get,
        put: Put,
        names: Sequence[str],
        outs: Sequence[str],
        site: Site,
    ) -> None:
        """`then() if pred else other()`: both are blocks that assign some of `names`.

        Of `names`, only those in `outs` are read afterwards before they are assigned again.
        """

    def loop_for(
        self,
        iterable: Any,
        body: Callable[[Any], None],
        test: Thunk | None,
        get: Get,
        put: Put,
        names: Sequence[str],
        carried: Sequence[str],
        target_names: Sequence[str],
        site: Site,
    ) -> None:
        """`for item in iterable: body(item); if test is not None and not test(): break`.

        The test holds before the first item.  Of `names`, only those in `carried` are read in a
        later iteration or after the loop before they are assigned again.  `target_names` are
        those that `body` assigns from its item before anything else.
        """

    def generator(self, function: Any) -> Any:
        """`function`, a nested one whose values are handed on by `yielded`."""

    def yielded(self, value: Any) -> Any:
        """`yield value`: run the body of the loop that goes through the generator.

        True where that loop was left, so that the generator must return.
        """

    def exchanged(self, rows: Any, i: Any, j: Any) -> bool:
        """Has `rows[i], rows[j] = rows[j], rows[i]` been done by exchanging what is in them?"""

    def failing(self, values: Thunk, kinds: tuple[Any, ...]) -> Any:
        """The number of the first of `kinds` that `values()` raises, counted from 1; 0 where it
        raises nothing, or something else."""

    def written(self, base: Any) -> Any:
        """What is read in place of `base[key] = value`, to find whether that fails."""

    def handler_of(self, error: Any, kinds: tuple[Any, ...]) -> int:
        """The number of the first of `kinds` that an error is of; 0 where it is of none."""

    def loop_while(
        self,
        test: Thunk,
        body: Thunk,
        get: Get,
        put: Put,
        names: Sequence[str],
        carried: Sequence[str],
        site: Site,
    ) -> None:
        """`while test(): body()`."""

    def and_(self, left: Any, right: Thunk) -> Any:
        """`left and right()`."""

    def or_(self, left: Any, right: Thunk) -> Any:
        """`left or right()`."""

    def not_(self, value: Any) -> Any:
        """`not value`."""

    def truth(self, value: Any) -> Any:
        """`value`, of which only the truth is taken."""

    def is_sequence(self, value: Any, length: int) -> Any:
        """Whether `case [a, b]` of so many patterns may fit the value."""

    def contains(self, value: Any, container: Any) -> Any:
        """`value in container`."""

    def ifexp(self, pred: Any, then: Thunk, other: Thunk, site: Site) -> Any:
        """`then() if pred else other()`."""

    def call(self, site: Site, function: Any, /, *args: Any, **kwargs: Any) -> Any:
        """`function(*args, **kwargs)`."""

    def comprehension(
        self,
        kind: str,
        iterable: Any,
        element: Callable[..., Any],
        condition: Callable[..., Any] | None,
        site: Site,
        nested: bool = False,
        unpack: Callable[[Any], State] | None = None,
    ) -> Any:
        """`[element(item) for item in iterable if condition(item)]`.

        `kind` is "list", "set", "dict" (`element` returns a pair) or "generator".  With `unpack`,
        the target was a pattern: `element` and `condition` take `*unpack(item)`.  With `nested`
        there is a further `for`: `element` returns an iterable whose items are spliced in.
        """

    def assert_(self, pred: Any, message: Thunk | None, site: Site) -> None:
        """`assert pred, message()`."""

    def raise_(self, exception: Thunk, site: Site, cause: Thunk | None = None) -> None:
        """`raise exception() from cause()`.  Where it returns, nothing of its block follows."""

    def aug(self, name: str, target: Any, value: Any) -> Any:
        """`operator.<name>(target, value)`, a function such as `operator.iadd`; used for names.

        The result is assigned to the name.
        """

    def add(self, left: Any, right: Any) -> Any:
        """`left + right`, where an operand may be a list."""

    def mul(self, left: Any, right: Any) -> Any:
        """`left * right`, where an operand may be a list."""

    def attribute(self, base: Any, name: str) -> Any:
        """`base.name` in `base.name += value`, which is evaluated before the value is."""

    def aug_attribute(self, name: str, attribute: Any, value: Any) -> None:
        """`base.name += value`, where `attribute` says of what, and `name` is "iadd"."""

    def aug_item(self, base: Any) -> Any:
        """`base`, or a stand-in for it, in `base[key] += value`."""

    def percent(self, text: str, values: Any) -> Any:
        """`text % values`"""

    def marked(self, text: str) -> Any:
        """`text`, the value of an f-string."""

    def compared(self, name: str, left: Any, right: Any) -> Any:
        """`operator.<name>(left, right)` ("eq", "lt", ...), where an operand may be a list."""

    def unpacked(self, values: Any) -> Any:
        """`values`, about to be assigned to a pattern."""

    def item(self, base: Any) -> Any:
        """`base`, or a stand-in for it where it is subscripted: read, assigned or deleted."""

    def made(self, container: Any) -> Any:
        """`container`, a list, dict or set that a display has just made."""

    def owner(self, base: Any) -> Any:
        """`base`, or a stand-in for it where one of its attributes is assigned or deleted."""

    def undefined(self, name: str) -> Any:
        """A value that stands for "not assigned yet"."""

    def defined(self, value: Any) -> Any:
        """`value`; of an undefined one: `raise UnboundLocalError`.

        Called where a name is read that may not be assigned yet.
        """

    def guarded(self, site: Site) -> Any:
        """A context manager that is entered around the body of a `try` with handlers."""

    def finally_(self, block: Thunk, get: Get, put: Put, site: Site) -> Any:
        """A context manager around the body of `try: ... finally: block()`, which runs the block.

        The block assigns the names of `get` and `put`.
        """

    def with_(self, manager: Any, site: Site) -> Any:
        """`manager`, about to be entered by a `with` statement."""

    def refuse(self, site: Site, message: str) -> Any:
        """Called before something that cannot be captured, such as assigning a global name."""
