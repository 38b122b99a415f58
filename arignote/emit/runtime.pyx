# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
# cython: initializedcheck=False, binding=False, embedsignature=False, auto_pickle=False
"""The compiled runtime: finds the specialisation of a call, calls its kernel, wraps the results.

`runtime_py` is the same in plain Python, and the tests run on both.  What is fast here: arguments
come by vectorcall, a plan is turned into C rows once, a call keeps its numbers on the C stack, and
no Python object is made but the results.  Nothing is shared between calls, so that many threads
may call one function while its kernels run without the GIL.

The parts stand in native/, by subject; here is what a caller meets, the dispatcher.
"""

from cpython.object cimport PyObject, PyTypeObject, Py_TYPE
from cpython.ref cimport Py_DECREF, Py_INCREF, Py_XDECREF
from cpython.tuple cimport PyTuple_GET_ITEM, PyTuple_GET_SIZE, PyTuple_New, PyTuple_SET_ITEM
from libc.stdint cimport INT64_MIN, int32_t, int64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy, memset
cimport numpy as cnp

from arignote.emit import arguments, callbacks, raising
from arignote.emit.plan import (
    Argument, ArrayLeaf, ArrayOperand, Constant, DataOf, IntOf, NewArray, Scalar, ScalarLeaf,
    SizeOf, StaticLeaf, StrideOf, ValueOf, ViewOf,
)
from arignote.errors import UnsupportedError, VerifyError

import numpy as np

cnp.import_array()

include "native/declarations.pxi"

NO_MATCH = object()  # answer of a kernel that is not the one for these arguments
cdef object _no_match = NO_MATCH

# The flags that a call depends on, as `dispatch` last told: which specialisations are current, and
# how many threads kernels may use; `_ask` is a function to call where threads differ in flags.
cdef int64_t _state = 0
cdef int _threads = 1
cdef object _ask = None


def set_state(int64_t state, int threads, ask=None):
    """Make `state` the current one; with `ask`, calls `ask() -> (state, threads)` at each call."""
    global _state, _threads, _ask
    _state, _threads, _ask = state, threads, ask


include "native/pool.pxi"
include "native/team.pxi"
include "native/results.pxi"
include "native/callbacks.pxi"
include "native/kernel.pxi"
include "native/matching.pxi"
include "native/calling.pxi"
include "native/answer.pxi"


cdef class Dispatcher:
    """A callable: the newest specialisation that matches runs, and where none does, `miss`.

    - `miss(args, kwargs)` returns the call's answer (it traces, adds a kernel and calls it).
    - `flatten(args, kwargs) -> (leaves, structure)` for calls with keywords or containers;
      structure None means that the positional arguments are the leaves.
    - `overlap(kernel, leaves)` answers a call whose written arrays share memory with others.
    """

    cdef void *vectorcall
    cdef public object miss, flatten, overlap
    cdef tuple flat, nested
    cdef object __weakref__

    def __cinit__(self, *args, **kwargs):
        self.vectorcall = <void *>dispatch
        if type(self) is not Dispatcher:
            an_use_vectorcall(Py_TYPE(self), 0)  # before 3.12 subclasses do not inherit it
        self.flat = self.nested = ()

    def __init__(self, miss, flatten=None, overlap=None):
        self.miss, self.flatten, self.overlap = miss, flatten, overlap

    def __call__(self, *args, **kwargs):
        # reached by subclasses that define __call__ themselves, through super()
        return PyVectorcall_Call(<PyObject *>self, <PyObject *>args, <PyObject *>kwargs)

    @property
    def kernels(self):
        """All specialisations, newest first among those of one kind of call."""
        return self.flat + self.nested

    def add(self, Kernel kernel not None):
        """Add a specialisation, which holds while the flags are as they are now."""
        refresh()
        kernel.state = _state
        if kernel.structure is None:
            self.flat = (kernel,) + self.flat
        else:
            self.nested = (kernel,) + self.nested

    def clear(self):
        """Forget every specialisation."""
        self.flat = self.nested = ()

    def call(self, Kernel kernel not None, tuple leaves not None):
        """The answer of this one kernel, or NO_MATCH."""
        if len(leaves) != kernel.nleaves:
            return _no_match
        refresh()
        answered = attempt(kernel, items(leaves), items(leaves), self.overlap)
        if answered is _no_match:
            stand_ins = arguments.regular(leaves)
            if stand_ins is not None:
                used = tuple(stand_ins)
                answered = attempt(kernel, items(used), items(leaves), self.overlap)
        return answered

    def _slowly(self, tuple args, dict kwargs):
        cdef Kernel kernel
        leaves, structure = (args, None) if self.flatten is None else self.flatten(args, kwargs)
        if self.flatten is None and kwargs:
            return self.miss(args, kwargs)
        leaves = tuple(leaves)
        used = tuple(arguments.regular(leaves) or leaves)
        odd = any([new is not old for new, old in zip(used, leaves)])
        for kernel in (self.flat if structure is None else self.nested):
            if kernel.state != _state or kernel.nleaves != len(leaves):
                continue
            if structure is not None and kernel.structure != structure:
                continue
            if structure is None and not kwargs and not odd:
                break  # tried by the fast path
            answered = attempt(kernel, items(used), items(leaves) if odd else items(used),
                               self.overlap)
            if answered is not _no_match:
                return answered
        return self.miss(args, kwargs)


cdef PyObject *dispatch(PyObject *callee, PyObject **args, size_t count,
                        PyObject *names) except NULL:
    cdef Dispatcher self = <Dispatcher>callee
    cdef Py_ssize_t nargs = <Py_ssize_t>(count & (<size_t>-1 >> 1))
    cdef Py_ssize_t j
    cdef tuple kernels
    cdef Kernel kernel
    if _ask is not None:
        refresh()
    if names == NULL:
        kernels = self.flat
        for j in range(PyTuple_GET_SIZE(kernels)):
            kernel = <Kernel>PyTuple_GET_ITEM(kernels, j)
            if kernel.nleaves == nargs and kernel.state == _state:
                answered = attempt(kernel, args, args, self.overlap)
                if answered is not _no_match:
                    Py_INCREF(answered)
                    return <PyObject *>answered
    positional = tuple([<object>args[j] for j in range(nargs)])
    keywords = {}
    if names != NULL:
        for j in range(PyTuple_GET_SIZE(<tuple>names)):
            keywords[<object>PyTuple_GET_ITEM(<tuple>names, j)] = <object>args[nargs + j]
    answered = self._slowly(positional, keywords)
    Py_INCREF(answered)
    return <PyObject *>answered


cdef inline PyObject **items(tuple values):
    return (<PyTupleObject *>values).ob_item


cdef int refresh() except -1:
    global _state, _threads
    if _ask is not None:
        _state, _threads = _ask()
    return 0


cdef int install_vectorcall() except -1:
    cdef Dispatcher sample = Dispatcher.__new__(Dispatcher)
    cdef Py_ssize_t offset = <char *>&sample.vectorcall - <char *><void *>sample
    an_use_vectorcall(<PyTypeObject *>Dispatcher, offset)
    return 0


install_vectorcall()


include "native/stateful.pxi"
