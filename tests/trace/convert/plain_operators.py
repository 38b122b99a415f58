"""Operators that do plain Python, as the protocol says: what converted code must reduce to.

`Strict` also forgets every name that liveness says is not read again, so that a name wrongly left
out of what a loop carries or a branch gives shows as an error or another result.
"""

import builtins
import collections
import contextlib
import operator


class Undefined:
    def __init__(self, name):
        self.name = name


class Plain:
    tracing_errors = ()
    yields = ()

    def generator(self, function):
        def run(*args, **kwargs):
            self.yields = (*self.yields, [])
            function(*args, **kwargs)
            *self.yields, values = self.yields
            return iter(values)

        return run

    def yielded(self, value):
        self.yields[-1].append(value)
        return False

    def if_(self, pred, then, other, get, put, names, outs, site):
        then() if pred else other()

    def loop_for(self, iterable, body, test, get, put, names, carried, target_names, site):
        for item in iterable:
            body(item)
            if test is not None and not test():
                break

    def loop_while(self, test, body, get, put, names, carried, site):
        while test():
            body()

    def and_(self, left, right):
        return left and right()

    def or_(self, left, right):
        return left or right()

    def not_(self, value):
        return not value

    def truth(self, value):
        return bool(value)

    def is_sequence(self, value, length):
        return isinstance(value, list | tuple) and len(value) == length

    def contains(self, value, container):
        return value in container

    def ifexp(self, pred, then, other, site):
        return then() if pred else other()

    def call(self, site, function, /, *args, **kwargs):
        return function(*args, **kwargs)

    def comprehension(self, kind, iterable, element, condition, site, nested=False, unpack=None):
        items = self._elements(iter(iterable), element, condition, nested, unpack)
        if kind == "generator":
            return items
        return getattr(builtins, kind)(items)

    def _elements(self, iterator, element, condition, nested, unpack):
        for item in iterator:
            values = (item,) if unpack is None else unpack(item)
            if condition is None or condition(*values):
                if nested:
                    yield from element(*values)
                else:
                    yield element(*values)

    def assert_(self, pred, message, site):
        if not pred:
            raise AssertionError(*([] if message is None else [message()]))

    def raise_(self, exception, site, cause=None):
        if cause is None:
            raise exception()
        raise exception() from cause()

    def aug(self, name, target, value):
        return getattr(operator, name)(target, value)

    def made(self, container):
        return container

    def add(self, left, right):
        return left + right

    def mul(self, left, right):
        return left * right

    def attribute(self, base, name):
        return base, name, getattr(base, name)

    def aug_item(self, base):
        return self.item(base)

    def aug_attribute(self, name, attribute, value):
        base, key, old = attribute
        setattr(base, key, getattr(operator, name)(old, value))

    def percent(self, text, values):
        return text % values

    def marked(self, text):
        return text

    def compared(self, name, left, right):
        return getattr(operator, name)(left, right)

    def unpacked(self, values):
        return values

    def item(self, base):
        return base

    def owner(self, base):
        return base

    def undefined(self, name):
        return Undefined(name)

    def defined(self, value):
        if isinstance(value, Undefined):
            raise UnboundLocalError(
                f"cannot access local variable '{value.name}' "
                "where it is not associated with a value"
            )
        return value

    def guarded(self, site):
        return contextlib.nullcontext()

    @contextlib.contextmanager
    def finally_(self, block, get, put, site):
        try:
            yield
        finally:
            put(get())
            block()

    def exchanged(self, rows, i, j):
        return False

    def handler_of(self, error, kinds):
        kind = error if isinstance(error, type) else type(error)
        fitting = [k for k, wanted in enumerate(kinds, 1) if issubclass(kind, wanted)]
        return fitting[0] if fitting else 0

    def failing(self, values, kinds):
        try:
            values()
        except Exception as error:
            return self.handler_of(error, kinds)
        return 0

    def written(self, base):
        return collections.defaultdict(int) if isinstance(base, dict) else base

    def with_(self, manager, site):
        return manager

    def refuse(self, site, message):
        return None


class Strict(Plain):
    def if_(self, pred, then, other, get, put, names, outs, site):
        then() if pred else other()
        self._keep(get, put, names, outs)

    def loop_for(self, iterable, body, test, get, put, names, carried, target_names, site):
        assert set(target_names) <= set(names)
        self._keep(get, put, names, carried)
        for item in iterable:
            body(item)
            self._keep(get, put, names, carried)
            if test is not None and not test():
                break

    def loop_while(self, test, body, get, put, names, carried, site):
        self._keep(get, put, names, carried)
        while test():
            body()
            self._keep(get, put, names, carried)

    def _keep(self, get, put, names, kept):
        assert list(names) == sorted(names)
        assert set(kept) <= set(names)
        put(tuple(v if n in kept else Undefined(n) for n, v in zip(names, get(), strict=True)))


PLAIN = Plain()
STRICT = Strict()
