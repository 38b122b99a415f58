# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
# cython: initializedcheck=False, binding=False, embedsignature=False, auto_pickle=False
"""The compiled runtime: finds the specialisation of a call, calls its kernel, wraps the results.

`runtime_py` is the same in plain Python, and the tests run on both.  What is fast here: arguments
come by vectorcall, a plan is turned into C rows once, a call keeps its numbers on the C stack, and
no Python object is made but the results.  Nothing is shared between calls, so that many threads
may call one function while its kernels run without the GIL.
"""

from cpython.object cimport PyObject, PyTypeObject, Py_TYPE
from cpython.ref cimport Py_DECREF, Py_INCREF, Py_XDECREF
from cpython.tuple cimport PyTuple_GET_ITEM, PyTuple_GET_SIZE, PyTuple_New, PyTuple_SET_ITEM
from libc.stdint cimport INT64_MIN, int32_t, int64_t, uint64_t
from libc.stdlib cimport calloc, free, malloc
from libc.string cimport memcpy, memset
cimport numpy as cnp

from arignote.emit import arguments, callbacks, raising
from arignote.emit.plan import (
    Argument, ArrayLeaf, Constant, DataOf, IntOf, NewArray, Scalar, ScalarLeaf, SizeOf, Static,
    StaticLeaf, StrideOf, ValueOf, ViewOf,
)
from arignote.errors import UnsupportedError, VerifyError

import numpy as np

cnp.import_array()

cdef extern from *:
    """
    typedef struct { int32_t site; int32_t pad; int64_t values[6]; } an_error;
    typedef struct an_context {
        void *owner;
        int32_t threads;
        int32_t flags;
        int32_t (*callback)(void *, int32_t, void **, const int64_t *);
        void *(*result)(void *, int32_t, const int64_t *);
        int32_t (*interrupted)(void);
        an_error error;
    } an_context;
    typedef int32_t (*an_entry)(an_context *, void **, const int64_t *, void **);
    typedef void (*an_shapes)(const int64_t *, int64_t *);
    """
    ctypedef struct an_error:
        int32_t site
        int64_t values[6]
    ctypedef struct an_context:
        void *owner
        int32_t threads
        int32_t flags
        int32_t (*callback)(void *, int32_t, void **, const int64_t *) noexcept nogil
        void *(*result)(void *, int32_t, const int64_t *) noexcept nogil
        int32_t (*interrupted)() noexcept nogil
        an_error error
    ctypedef int32_t (*an_entry)(an_context *, void **, const int64_t *, void **) noexcept nogil
    ctypedef void (*an_shapes)(const int64_t *, int64_t *) noexcept nogil

cdef extern from *:
    """
    #include "numpy/arrayobject.h"
    #define c_array(a) ((PyArrayObject *)(a))
    #define c_ndim(a) PyArray_NDIM(c_array(a))
    #define c_flags(a) PyArray_FLAGS(c_array(a))
    #define c_data(a) PyArray_DATA(c_array(a))
    #define c_dims(a) ((int64_t *)PyArray_DIMS(c_array(a)))
    #define c_strides(a) ((int64_t *)PyArray_STRIDES(c_array(a)))
    #define c_descr(a) ((PyObject *)PyArray_DESCR(c_array(a)))
    #define c_type_num(a) PyArray_TYPE(c_array(a))
    #define c_isnotswapped(a) PyArray_ISNOTSWAPPED(c_array(a))
    #define new_array(descr, rank, dims, strides, data, flags) PyArray_NewFromDescr( \
        &PyArray_Type, (PyArray_Descr *)(descr), (rank), (npy_intp *)(dims), \
        (npy_intp *)(strides), (data), (flags), NULL)
    #define new_scalar(data, descr) PyArray_Scalar((data), (PyArray_Descr *)(descr), NULL)
    #define set_base(a, base) PyArray_SetBaseObject(c_array(a), (base))
    """
    PyTypeObject PyArray_Type
    int c_ndim(PyObject *) nogil
    int c_flags(PyObject *) nogil
    void *c_data(PyObject *) nogil
    int64_t *c_dims(PyObject *) nogil
    int64_t *c_strides(PyObject *) nogil
    PyObject *c_descr(PyObject *) nogil
    int c_type_num(PyObject *) nogil
    int c_isnotswapped(PyObject *) nogil
    PyObject *new_array(PyObject *, int, int64_t *, int64_t *, void *, int) except NULL
    PyObject *new_scalar(void *, PyObject *) except NULL
    int set_base(PyObject *, PyObject *) except -1
    void scalar_bytes "PyArray_ScalarAsCtype"(PyObject *, void *)
    enum:
        NPY_ARRAY_C_CONTIGUOUS
        NPY_ARRAY_F_CONTIGUOUS
        NPY_ARRAY_ALIGNED
        NPY_ARRAY_WRITEABLE

cdef extern from "Python.h":
    PyTypeObject PyFloat_Type, PyLong_Type, PyBool_Type, PyComplex_Type
    double PyFloat_AS_DOUBLE(PyObject *)
    double PyComplex_RealAsDouble(PyObject *)
    double PyComplex_ImagAsDouble(PyObject *)
    long long PyLong_AsLongLongAndOverflow(PyObject *, int *) except? -1
    PyObject *Py_True
    unsigned long Py_TPFLAGS_HAVE_VECTORCALL
    object PyVectorcall_Call(PyObject *, PyObject *, PyObject *)
    int PyErr_CheckSignals() nogil
    PyObject *PyErr_Occurred()
    ctypedef int PyGILState_STATE
    PyGILState_STATE PyGILState_Ensure() nogil
    void PyGILState_Release(PyGILState_STATE) nogil

cdef extern from *:
    """
    /* The type's own tp_call, which subclasses inherit by name, gives way to the faster one; a
       subclass that defines __call__ has another and is left alone. */
    static ternaryfunc an_plain_call;
    static void an_use_vectorcall(PyTypeObject *type, Py_ssize_t offset) {
        if (offset) { type->tp_vectorcall_offset = offset; an_plain_call = type->tp_call; }
        if (type->tp_call != an_plain_call) return;
        type->tp_call = PyVectorcall_Call;
        type->tp_flags |= Py_TPFLAGS_HAVE_VECTORCALL;
        PyType_Modified(type);
    }
    """
    void an_use_vectorcall(PyTypeObject *, Py_ssize_t)

# kinds of leaves; the Python numbers first
cdef enum:
    PY_BOOL, PY_INT, PY_FLOAT, PY_COMPLEX, NUMPY_SCALAR, ARRAY, STATIC, OBJECT
# layouts
cdef enum:
    LAYOUT_C, LAYOUT_F, LAYOUT_ROWS, LAYOUT_STRIDED
# sources of ints and pointers
cdef enum:
    SIZE, STRIDE, INT, DATA, VALUE, CONSTANT
# outputs
cdef enum:
    NEW, SCALAR, WEAK, ARGUMENT, VIEW, VALUE_KNOWN
# how outputs are put together
cdef enum:
    SHAPE_LEAF, SHAPE_TUPLE, SHAPE_LIST, SHAPE_NONE, SHAPE_TREE

cdef enum:
    STACK_SLOTS = 64
    STACK_WORDS = 160

cdef struct Leaf:
    int kind
    int type_num
    int ndim
    int layout
    int slot
    int shift           # log2 of the element's size
    int64_t *sizes
    PyObject *token     # dtype of an array, type of a scalar or object, static value; the plan's

cdef struct Source:
    int kind
    int leaf
    int axis
    int shift
    void *address

cdef struct ResultRow:
    int ndim
    int early           # memory is there before the call
    int like
    int flags           # nonzero: Fortran order
    int dims_at         # where its dims begin among those that `shapes` writes
    int itemsize
    int type_num
    PyObject *descr

cdef struct OutputRow:
    int kind
    int index
    int window
    int base_is_result
    PyObject *value

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


cdef class Kernel:
    """One specialisation: what it matches and how its entry is called.

    With `function` in place of `entry`, a match calls that Python function with the leaves.
    `structure` is what the dispatcher's `flatten` says of such calls; None: the arguments
    themselves are the leaves.  `keep` is held as long as the kernel (the module it lives in).
    """

    cdef readonly object plan, structure, function, keep
    cdef public int64_t state
    cdef an_entry entry
    cdef an_shapes shapes
    cdef int nleaves, nslots, nints, nptrs, nresults, noutputs, nwritten, ndims, nscalars
    cdef int shape, needs_call, words
    cdef Leaf *leaves
    cdef int64_t *sizes
    cdef Source *ints
    cdef Source *ptrs
    cdef ResultRow *results
    cdef OutputRow *outputs
    cdef int *written
    cdef object tokens  # keeps what the rows point to

    def __init__(self, plan, size_t entry=0, size_t shapes=0, *, function=None, structure=None,
                 keep=None):
        self.plan, self.function, self.structure, self.keep = plan, function, structure, keep
        self.entry, self.shapes = <an_entry><void *>entry, <an_shapes><void *>shapes
        if entry == 0 and function is None:
            raise VerifyError("a kernel needs an entry or a function")
        self.tokens = []
        self._read_leaves(plan)
        self._read_sources(plan)
        self._read_results(plan)
        self._read_outputs(plan)
        self.needs_call = any(not r.static_shape for r in plan.results) or bool(plan.callbacks)
        # words of one call: pointers, result pointers, result objects, ints, dims, 16-byte slots
        self.words = (self.nptrs + 2 * self.nresults + self.nints + self.ndims
                      + 2 * (self.nscalars + self.nresults))

    def __dealloc__(self):
        free(self.leaves)
        free(self.sizes)
        free(self.ints)
        free(self.ptrs)
        free(self.results)
        free(self.outputs)
        free(self.written)

    cdef int _read_leaves(self, plan) except -1:
        cdef int at = 0
        cdef Leaf *row
        self.nleaves = len(plan.leaves)
        self.leaves = <Leaf *>zeroed(self.nleaves, sizeof(Leaf))
        total = sum(len(leaf.sizes) for leaf in plan.leaves if isinstance(leaf, ArrayLeaf))
        self.sizes = <int64_t *>zeroed(total, sizeof(int64_t))
        self.nslots = 0
        for j, leaf in enumerate(plan.leaves):
            row = &self.leaves[j]
            row.slot = -1
            if isinstance(leaf, ArrayLeaf):
                dtype = np.dtype(leaf.dtype)
                row.kind, row.ndim, row.type_num = ARRAY, len(leaf.sizes), dtype.num
                row.layout = ["C", "F", "rows", "strided"].index(leaf.layout)
                row.shift = dtype.itemsize.bit_length() - 1
                row.token = self._hold(dtype)
                row.sizes = self.sizes + at
                for size in leaf.sizes:
                    self.sizes[at] = size
                    at += 1
                    self.nslots = max(self.nslots, -size)
            elif isinstance(leaf, ScalarLeaf):
                dtype = np.dtype(leaf.dtype)
                row.type_num = dtype.num
                if leaf.kind == "numpy":
                    row.kind, row.token = NUMPY_SCALAR, self._hold(dtype.type)
                else:
                    row.kind = {"b": PY_BOOL, "i": PY_INT, "f": PY_FLOAT, "c": PY_COMPLEX}[dtype.kind]
                    if leaf.slot is not None:
                        row.slot = leaf.slot
                        self.nslots = max(self.nslots, leaf.slot + 1)
            elif isinstance(leaf, StaticLeaf):
                row.kind, row.token = STATIC, self._hold(leaf.value)
            else:
                row.kind, row.token = OBJECT, self._hold(leaf.type)
        self.nwritten = len(plan.written)
        self.written = <int *>zeroed(self.nwritten, sizeof(int))
        for j, leaf_number in enumerate(plan.written):
            self.written[j] = leaf_number
        return 0

    cdef int _read_sources(self, plan) except -1:
        cdef Source *row
        self.nints, self.nptrs = len(plan.ints), len(plan.ptrs)
        self.ints = <Source *>zeroed(self.nints, sizeof(Source))
        self.ptrs = <Source *>zeroed(self.nptrs, sizeof(Source))
        for j, source in enumerate(plan.ints):
            row = &self.ints[j]
            row.kind = {SizeOf: SIZE, StrideOf: STRIDE, IntOf: INT}[type(source)]
            row.leaf = source.leaf
            row.axis = getattr(source, "axis", 0)
            row.shift = self.leaves[row.leaf].shift
        for j, source in enumerate(plan.ptrs):
            row = &self.ptrs[j]
            row.kind = {DataOf: DATA, ValueOf: VALUE, Constant: CONSTANT}[type(source)]
            if row.kind == CONSTANT:
                data = np.require(source.array, requirements=["C", "A"])
                row.address = c_data(self._hold(data))
            else:
                row.leaf = source.leaf
                self.nscalars += row.kind == VALUE
        return 0

    cdef int _read_results(self, plan) except -1:
        cdef ResultRow *row
        self.nresults = len(plan.results)
        self.results = <ResultRow *>zeroed(self.nresults, sizeof(ResultRow))
        self.ndims = 0
        for j, result in enumerate(plan.results):
            row = &self.results[j]
            dtype = np.dtype(result.dtype)
            row.ndim, row.early, row.itemsize = result.ndim, result.static_shape, dtype.itemsize
            row.type_num, row.descr = dtype.num, self._hold(dtype)
            row.like = -1 if result.like is None else result.like
            row.flags = NPY_ARRAY_F_CONTIGUOUS if result.order == "F" else 0
            row.dims_at = self.ndims
            if result.static_shape:
                self.ndims += result.ndim
        return 0

    cdef int _read_outputs(self, plan) except -1:
        cdef OutputRow *row
        shapes = {"leaf": SHAPE_LEAF, "tuple": SHAPE_TUPLE, "list": SHAPE_LIST, "none": SHAPE_NONE}
        structure = plan.structure
        self.shape = shapes[structure] if isinstance(structure, str) else SHAPE_TREE
        self.noutputs = len(plan.outputs)
        self.outputs = <OutputRow *>zeroed(self.noutputs, sizeof(OutputRow))
        for j, output in enumerate(plan.outputs):
            row = &self.outputs[j]
            if isinstance(output, NewArray):
                row.kind, row.index = NEW, output.result
            elif isinstance(output, Scalar):
                row.kind, row.index = WEAK if output.weak else SCALAR, output.result
            elif isinstance(output, Argument):
                row.kind, row.index = ARGUMENT, output.leaf
            elif isinstance(output, ViewOf):
                row.kind, row.window = VIEW, output.window
                row.base_is_result = isinstance(output.base, NewArray)
                row.index = output.base.result if row.base_is_result else output.base.leaf
            else:
                row.kind, row.value = VALUE_KNOWN, self._hold(output.value)
        return 0

    cdef PyObject *_hold(self, value) except NULL:
        self.tokens.append(value)
        return <PyObject *>value


cdef void *zeroed(size_t count, size_t size) except NULL:
    cdef void *rows = calloc(count + 1, size)
    if rows == NULL:
        raise MemoryError
    return rows


# ---- matching ------------------------------------------------------------------------------------
cdef int matches(Kernel k, PyObject **args, int64_t *slots) except -1:
    """Whether these leaves are those of the kernel's plan; fills the values of its symbols."""
    cdef int j, axis, overflow = 0
    cdef int64_t size, code
    cdef int64_t *dims
    cdef Leaf *leaf
    cdef PyObject *arg
    for j in range(k.nslots):
        slots[j] = INT64_MIN
    for j in range(k.nleaves):
        leaf = &k.leaves[j]
        arg = args[j]
        if leaf.kind == ARRAY:
            if Py_TYPE(<object>arg) != &PyArray_Type or c_ndim(arg) != leaf.ndim:
                return 0
            if c_descr(arg) != leaf.token and (
                    c_type_num(arg) != leaf.type_num or not c_isnotswapped(arg)):
                return 0
            if not layout_is(leaf, arg):
                return 0
            dims = c_dims(arg)
            for axis in range(leaf.ndim):
                code, size = leaf.sizes[axis], dims[axis]
                if code >= 0:
                    if size != code:
                        return 0
                elif size < 2 or not symbol_is(slots, k.nslots, -1 - code, size):
                    return 0
        elif leaf.kind == PY_FLOAT:
            if Py_TYPE(<object>arg) != &PyFloat_Type:
                return 0
        elif leaf.kind == PY_INT:
            if Py_TYPE(<object>arg) != &PyLong_Type:
                return 0
            size = PyLong_AsLongLongAndOverflow(arg, &overflow)
            if overflow:
                return 0
            if leaf.slot >= 0 and not symbol_is(slots, k.nslots, leaf.slot, size):
                return 0
        elif leaf.kind == PY_BOOL:
            if Py_TYPE(<object>arg) != &PyBool_Type:
                return 0
        elif leaf.kind == PY_COMPLEX:
            if Py_TYPE(<object>arg) != &PyComplex_Type:
                return 0
        elif leaf.kind == STATIC:
            if arg != leaf.token and not same_static(<object>arg, <object>leaf.token):
                return 0
        elif <PyObject *>Py_TYPE(<object>arg) != leaf.token:
            return 0
    return 1


cdef inline bint symbol_is(int64_t *slots, int count, int64_t slot, int64_t value) noexcept:
    """A symbol has one value, and values of 2 and more belong to one symbol."""
    cdef int other
    if slots[slot] != INT64_MIN:
        return slots[slot] == value
    if value >= 2:
        for other in range(count):
            if slots[other] == value:
                return False
    slots[slot] = value
    return True


cdef inline bint layout_is(Leaf *leaf, PyObject *arg) noexcept:
    cdef int flags = c_flags(arg)
    cdef int axis, last = leaf.ndim - 1
    cdef int64_t size = <int64_t>1 << leaf.shift
    cdef int64_t *strides
    cdef bint rows
    if not flags & NPY_ARRAY_ALIGNED:
        return False
    if flags & NPY_ARRAY_C_CONTIGUOUS:
        return leaf.layout == LAYOUT_C
    if flags & NPY_ARRAY_F_CONTIGUOUS:
        return leaf.layout == LAYOUT_F
    if leaf.layout < LAYOUT_ROWS:
        return False
    strides = c_strides(arg)
    rows = strides[last] == size
    for axis in range(leaf.ndim):
        if strides[axis] & (size - 1):
            return False
        rows = rows and strides[axis] > 0
    return rows == (leaf.layout == LAYOUT_ROWS)


cdef bint same_static(value, known):
    if type(value) is not type(known):
        return False
    if type(known) is slice:  # slice(1, 2) == slice(1.0, 2)
        return (same_static(value.start, known.start) and same_static(value.stop, known.stop)
                and same_static(value.step, known.step))
    return bool(value == known)


# ---- calling -------------------------------------------------------------------------------------
cdef class Call:
    """What the callbacks of one running kernel need."""

    cdef object plan, leaves, error
    cdef dict late
    cdef list kept

    cdef int run(self, int32_t site, void **ptrs, const int64_t *ints) except -1:
        callback = self.plan.callbacks[site]
        npointers, nints = callbacks.counts(callback)
        addresses = [<size_t>ptrs[j] for j in range(npointers)]
        callbacks.run_callback(
            callback, self.leaves, addresses, [ints[j] for j in range(nints)], self.kept)
        return 0

    cdef void *allocate(self, int32_t k, const int64_t *dims) except? NULL:
        result = self.plan.results[k]
        array = np.empty([dims[j] for j in range(result.ndim)], result.dtype, result.order)
        self.late[k] = array
        return c_data(<PyObject *>array)


cdef int32_t on_callback(void *owner, int32_t site, void **ptrs, const int64_t *ints) noexcept nogil:
    with gil:
        try:
            (<Call>owner).run(site, ptrs, ints)
            return 0
        except BaseException as error:
            (<Call>owner).error = error
            return 1


cdef void *on_result(void *owner, int32_t k, const int64_t *dims) noexcept nogil:
    with gil:
        try:
            return (<Call>owner).allocate(k, dims)
        except BaseException as error:
            (<Call>owner).error = error
            return NULL


cdef int32_t on_interrupted() noexcept nogil:
    # plain C calls, so that the KeyboardInterrupt stays set until the kernel has returned
    cdef PyGILState_STATE gil = PyGILState_Ensure()
    cdef int32_t pending = PyErr_CheckSignals() != 0
    PyGILState_Release(gil)
    return pending


cdef object attempt(Kernel k, PyObject **args, PyObject **given, overlap):
    """The kernel's answer to these leaves, or `_no_match`.  `given`: what the caller gave, where
    `args` has stand-ins."""
    cdef int64_t on_stack[STACK_SLOTS]
    cdef int64_t *slots = on_stack
    cdef int j
    if k.nslots > STACK_SLOTS:
        slots = <int64_t *>zeroed(k.nslots, sizeof(int64_t))
    try:
        if not matches(k, args, slots):
            return _no_match
    finally:
        if slots != on_stack:
            free(slots)
    if k.function is not None:
        return k.function(*[<object>given[j] for j in range(k.nleaves)])
    if k.nwritten:
        for j in range(k.nwritten):
            if not c_flags(given[k.written[j]]) & NPY_ARRAY_WRITEABLE:
                raise ValueError("assignment destination is read-only")
        if overlaps(k, given):
            if overlap is None:
                raise UnsupportedError(
                    f"{k.plan.name}: an array that the function changes shares memory with "
                    f"another argument; pass a copy of one of them.")
            return overlap(k, tuple([<object>given[j] for j in range(k.nleaves)]))
    if args == given or k.nwritten == 0:
        return in_frame(k, args, given)
    try:
        return in_frame(k, args, given)
    finally:  # what was written before an error has happened, too
        arguments.write_back([<object>given[j] for j in range(k.nleaves)],
                             [<object>args[j] for j in range(k.nleaves)], k.plan.written)


cdef bint overlaps(Kernel k, PyObject **args) except -1:
    """Whether a written array shares memory with another array: bounds first, then exactly."""
    cdef int j, w, other
    cdef char *low
    cdef char *high
    cdef char *low2
    cdef char *high2
    for j in range(k.nwritten):
        w = k.written[j]
        extent(args[w], &low, &high)
        for other in range(k.nleaves):
            if other == w or k.leaves[other].kind != ARRAY:
                continue
            extent(args[other], &low2, &high2)
            if low < high2 and low2 < high and arguments.share_memory(
                    <object>args[w], <object>args[other]):
                return True
    return False


cdef void extent(PyObject *array, char **low, char **high) noexcept:
    """First byte and the one after the last; an empty array has none."""
    cdef int axis
    cdef int64_t *dims = c_dims(array)
    cdef int64_t *strides = c_strides(array)
    cdef int64_t reach
    low[0] = high[0] = <char *>c_data(array)
    for axis in range(c_ndim(array)):
        if dims[axis] == 0:
            high[0] = low[0]
            return
        reach = (dims[axis] - 1) * strides[axis]
        if reach < 0:
            low[0] += reach
        else:
            high[0] += reach
    high[0] += (<object>array).itemsize


cdef object in_frame(Kernel k, PyObject **args, PyObject **given):
    """Runs the kernel with the words of the call on the stack, if they fit there."""
    cdef int64_t on_stack[STACK_WORDS]
    cdef int64_t *frame = on_stack
    cdef PyObject **objects
    cdef int j
    if k.words > STACK_WORDS:
        frame = <int64_t *>zeroed(k.words, sizeof(int64_t))
    objects = <PyObject **>frame
    memset(objects, 0, k.nresults * sizeof(PyObject *))
    try:
        return run(k, args, given, frame)
    finally:
        for j in range(k.nresults):
            Py_XDECREF(objects[j])
        if frame != on_stack:
            free(frame)


cdef object run(Kernel k, PyObject **args, PyObject **given, int64_t *frame):
    cdef PyObject **objects = <PyObject **>frame
    cdef void **results = <void **>(frame + k.nresults)
    cdef void **ptrs = results + k.nresults
    cdef int64_t *ints = <int64_t *>(ptrs + k.nptrs)
    cdef int64_t *dims = ints + k.nints
    cdef int64_t *room = dims + k.ndims  # two words for each scalar in and out
    cdef Call call = None
    cdef an_context context
    cdef int32_t code
    cdef int j
    for j in range(k.nptrs):
        if k.ptrs[j].kind == DATA:
            ptrs[j] = c_data(args[k.ptrs[j].leaf])
        elif k.ptrs[j].kind == VALUE:
            store_scalar(&k.leaves[k.ptrs[j].leaf], args[k.ptrs[j].leaf], room)
            ptrs[j] = room
            room += 2
        else:
            ptrs[j] = k.ptrs[j].address
    fill_ints(k, args, ints)
    allocate_results(k, args, ints, dims, objects, results, room)
    context.owner = NULL
    context.threads = _threads
    context.flags = 0
    context.callback = on_callback
    context.result = on_result
    context.interrupted = on_interrupted
    context.error.site = 0
    if k.needs_call:
        call = Call.__new__(Call)
        call.plan, call.late, call.kept, call.error = k.plan, {}, [], None
        call.leaves = [<object>given[j] for j in range(k.nleaves)]
        context.owner = <void *>call
    with nogil:
        code = k.entry(&context, ptrs, ints, results)
    if code != 0:
        return failed(k, code, &context, call)
    if call is not None:
        for late in call.late:
            objects[<int>late] = <PyObject *>call.late[late]
            Py_INCREF(call.late[late])
    return answer(k, given, objects, results)


cdef inline int fill_ints(Kernel k, PyObject **args, int64_t *ints) except -1:
    cdef Source *source
    cdef int j, overflow = 0
    for j in range(k.nints):
        source = &k.ints[j]
        if source.kind == SIZE:
            ints[j] = c_dims(args[source.leaf])[source.axis]
        elif source.kind == STRIDE:
            ints[j] = c_strides(args[source.leaf])[source.axis] >> source.shift
        else:
            ints[j] = PyLong_AsLongLongAndOverflow(args[source.leaf], &overflow)
    return 0


cdef int store_scalar(Leaf *leaf, PyObject *arg, int64_t *to) except -1:
    cdef int overflow = 0
    if leaf.kind == PY_FLOAT:
        (<double *>to)[0] = PyFloat_AS_DOUBLE(arg)
    elif leaf.kind == PY_INT:
        to[0] = PyLong_AsLongLongAndOverflow(arg, &overflow)
    elif leaf.kind == PY_BOOL:
        to[0] = arg == Py_True
    elif leaf.kind == PY_COMPLEX:
        (<double *>to)[0] = PyComplex_RealAsDouble(arg)
        (<double *>to)[1] = PyComplex_ImagAsDouble(arg)
    else:
        scalar_bytes(arg, to)
    return 0


cdef inline int allocate_results(Kernel k, PyObject **args, int64_t *ints, int64_t *dims,
                                 PyObject **objects, void **results, int64_t *room) except -1:
    cdef ResultRow *row
    cdef int64_t *shape
    cdef bint asked = False
    cdef int j
    for j in range(k.nresults):
        row = &k.results[j]
        if not row.early:
            results[j] = NULL
        elif row.ndim == 0:
            room[0] = room[1] = 0
            results[j] = room
            room += 2
        else:
            if row.like >= 0:
                shape = c_dims(args[row.like])
            else:
                if not asked:
                    k.shapes(ints, dims)
                    asked = True
                shape = dims + row.dims_at
            Py_INCREF(<object>row.descr)  # the constructor takes it
            objects[j] = new_array(row.descr, row.ndim, shape, NULL, NULL, row.flags)
            results[j] = c_data(objects[j])
    return 0


cdef object failed(Kernel k, int32_t code, an_context *context, Call call):
    cdef int j
    if code == 1:
        return _no_match
    if code == 2:
        values = tuple([context.error.values[j] for j in range(6)])
        raising.raise_site(k.plan, context.error.site, values)
    if code == 3:
        if call is not None and call.error is not None:
            raise call.error
        if PyErr_Occurred() != NULL:
            reraise()
        raise KeyboardInterrupt
    if code == 4:
        raise MemoryError(f"{k.plan.name}: no memory for a temporary array")
    raise VerifyError(f"{k.plan.name}: the kernel returned {code}")


cdef int reraise() except -1:
    return -1  # lets the exception that is set already go on


# ---- the answer ----------------------------------------------------------------------------------
cdef object answer(Kernel k, PyObject **given, PyObject **objects, void **results):
    cdef int j
    if k.shape == SHAPE_LEAF:
        return output(k, &k.outputs[0], given, objects, results)
    if k.shape == SHAPE_NONE:
        return None
    parts = PyTuple_New(k.noutputs)
    for j in range(k.noutputs):
        part = output(k, &k.outputs[j], given, objects, results)
        Py_INCREF(part)  # the tuple takes it
        PyTuple_SET_ITEM(parts, j, part)
    if k.shape == SHAPE_TUPLE:
        return parts
    return list(parts) if k.shape == SHAPE_LIST else k.plan.structure.unflatten(parts)


cdef inline object output(Kernel k, OutputRow *row, PyObject **given, PyObject **objects,
                          void **results):
    cdef ResultRow *result
    cdef PyObject *made
    if row.kind == ARGUMENT:
        return <object>given[row.index]
    if row.kind == VALUE_KNOWN:
        return <object>row.value
    if row.kind == VIEW:
        return view(k, row, given, objects)
    result = &k.results[row.index]
    if row.kind == NEW:
        if objects[row.index] == NULL:
            if result.ndim:
                raise VerifyError(f"{k.plan.name}: result {row.index} was not allocated")
            Py_INCREF(<object>result.descr)
            objects[row.index] = new_array(result.descr, 0, NULL, NULL, NULL, 0)
            memcpy(c_data(objects[row.index]), results[row.index], result.itemsize)
        return <object>objects[row.index]
    if row.kind == WEAK:
        return python_number(result.type_num, results[row.index])
    made = new_scalar(results[row.index], result.descr)
    scalar = <object>made
    Py_DECREF(scalar)
    return scalar


cdef object python_number(int type_num, void *value):
    if type_num == cnp.NPY_FLOAT64:
        return (<double *>value)[0]
    if type_num == cnp.NPY_INT64:
        return (<int64_t *>value)[0]
    if type_num == cnp.NPY_BOOL:
        return (<char *>value)[0] != 0
    if type_num == cnp.NPY_COMPLEX128:
        return complex((<double *>value)[0], (<double *>value)[1])
    raise VerifyError(f"no Python number has NumPy's type number {type_num}")


cdef object view(Kernel k, OutputRow *row, PyObject **given, PyObject **objects):
    cdef PyObject *base = objects[row.index] if row.base_is_result else given[row.index]
    cdef PyObject *made
    cdef PyObject *descr = c_descr(base)
    cdef int64_t *window = <int64_t *>c_data(objects[row.window])
    cdef int rank = (c_dims(objects[row.window])[0] - 1) // 2
    cdef int64_t strides[64]
    cdef int64_t size = (<object>base).itemsize
    cdef int axis
    for axis in range(rank):
        strides[axis] = window[1 + rank + axis] * size
    Py_INCREF(<object>descr)
    made = new_array(descr, rank, window + 1, strides,
                     <char *>c_data(base) + window[0] * size,
                     c_flags(base) & NPY_ARRAY_WRITEABLE)
    result = <object>made
    Py_DECREF(result)
    Py_INCREF(<object>base)
    set_base(made, base)
    return result


# ---- dispatch ------------------------------------------------------------------------------------
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


cdef extern from "Python.h":
    ctypedef struct PyTupleObject:
        PyObject **ob_item


cdef int install_vectorcall() except -1:
    cdef Dispatcher sample = Dispatcher.__new__(Dispatcher)
    cdef Py_ssize_t offset = <char *>&sample.vectorcall - <char *><void *>sample
    an_use_vectorcall(<PyTypeObject *>Dispatcher, offset)
    return 0


install_vectorcall()
