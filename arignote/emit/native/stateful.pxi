# Functions with state: a call reads cells, calls a dispatcher, and stores what is new.

cdef enum:
    STACK_ARGUMENTS = 32

# a flag for each axis that must have length 1
cdef struct Kind:
    int type_num            # -1: always looked at by `_slowly`
    int ndim
    int64_t ones


cdef class Container:
    """What holds the value of a shared variable."""

    cdef public object value

    def __init__(self, value):
        self.value = value


cdef class Caller:
    """What calls `program(*arguments, *values of cells)`; see `stateful_py`, its twin."""

    cdef void *vectorcall
    cdef public bint trust_input
    cdef Dispatcher program
    cdef tuple cells, targets
    cdef object names
    cdef int pack, nargs, nouts
    cdef Kind *kinds
    cdef object __weakref__

    def __cinit__(self, *args, **kwargs):
        self.vectorcall = <void *>call_with_state
        if type(self) is not Caller:
            an_use_vectorcall(Py_TYPE(self), 0)
        self.kinds = NULL

    def __dealloc__(self):
        free(self.kinds)

    def __call__(self, *args, **kwargs):
        return PyVectorcall_Call(<PyObject *>self, <PyObject *>args, <PyObject *>kwargs)

    def bind(self, Dispatcher program not None, kinds, cells, targets, pack, int nouts):
        cdef int j, axis
        self.nargs, self.nouts = len(kinds), nouts
        self.cells, self.targets = tuple(cells), tuple(targets)
        self.names = pack if isinstance(pack, list) else None
        self.pack = SHAPE_TREE if self.names is not None else {
            "one": SHAPE_LEAF, "list": SHAPE_LIST, "none": SHAPE_NONE}[pack]
        free(self.kinds)
        self.kinds = <Kind *>zeroed(self.nargs, sizeof(Kind))
        for j, (dtype, flags) in enumerate(kinds):
            self.kinds[j].type_num = -1 if dtype is None else np.dtype(dtype).num
            self.kinds[j].ndim = len(flags)
            for axis, flag in enumerate(flags):
                if flag:
                    self.kinds[j].ones |= <int64_t>1 << axis
        self.program = program

    def _slowly(self, tuple args, dict kwargs):
        raise NotImplementedError


cdef PyObject *call_with_state(PyObject *callee, PyObject **args, size_t count,
                               PyObject *names) except NULL:
    cdef Caller self = <Caller>callee
    cdef Py_ssize_t nargs = <Py_ssize_t>(count & (<size_t>-1 >> 1))
    cdef Py_ssize_t j
    if names == NULL and self.program is not None and nargs == self.nargs:
        answered = with_state(self, args)
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


cdef object with_state(Caller self, PyObject **args):
    """The answer, or `_no_match` where an argument is not of the type that is expected."""
    cdef PyObject *on_stack[STACK_ARGUMENTS]
    cdef PyObject **given = on_stack
    cdef int ncells = <int>PyTuple_GET_SIZE(self.cells)
    cdef int total = self.nargs + ncells
    cdef int held = 0
    cdef int j
    cdef Container cell
    cdef PyObject *made
    if total > STACK_ARGUMENTS:
        given = <PyObject **>zeroed(total, sizeof(PyObject *))
    try:
        for j in range(self.nargs):
            made = in_kind(&self.kinds[j], args[j], self.trust_input)
            if made == NULL:
                return _no_match
            given[j] = made
            held += 1
        for j in range(ncells):  # held, since another thread may store while the kernel runs
            cell = <Container>PyTuple_GET_ITEM(self.cells, j)
            given[self.nargs + j] = <PyObject *>cell.value
            Py_INCREF(cell.value)
            held += 1
        made = dispatch(<PyObject *>self.program, given, total, NULL)
        results = <object>made
        Py_DECREF(results)
        return stored(self, results if type(results) is tuple else tuple(results))
    finally:
        for j in range(held):
            Py_XDECREF(given[j])
        if given != on_stack:
            free(given)


cdef inline PyObject *in_kind(Kind *kind, PyObject *x, bint trusted) except? NULL:
    """x as an array of the type, a new reference; NULL where that takes a closer look."""
    cdef int axis
    cdef PyObject *made
    if trusted or (
        Py_TYPE(<object>x) == &PyArray_Type and c_type_num(x) == kind.type_num
        and c_ndim(x) == kind.ndim and c_isnotswapped(x)
    ):
        if kind.ones and not trusted:
            for axis in range(kind.ndim):
                if kind.ones >> axis & 1 and c_dims(x)[axis] != 1:
                    return NULL
        Py_INCREF(<object>x)
        return x
    if kind.ndim == 0 and kind.type_num == cnp.NPY_FLOAT64 and (
        Py_TYPE(<object>x) == &PyFloat_Type
    ):
        descr = np_float64
        Py_INCREF(descr)
        made = new_array(<PyObject *>descr, 0, NULL, NULL, NULL, 0)
        (<double *>c_data(made))[0] = PyFloat_AS_DOUBLE(x)
        return made
    return NULL


cdef object np_float64 = np.dtype("float64")


cdef object stored(Caller self, tuple results):
    """What a call returns, after the cells have their new values."""
    cdef Container cell
    cdef Py_ssize_t j
    for j in range(PyTuple_GET_SIZE(self.targets)):
        if PyTuple_GET_ITEM(self.targets, j) != <PyObject *>None:
            cell = <Container>PyTuple_GET_ITEM(self.targets, j)
            cell.value = results[self.nouts + j]
    if self.pack == SHAPE_LEAF:
        return results[0]
    if self.pack == SHAPE_NONE:
        return None
    if self.pack == SHAPE_LIST:
        return [results[j] for j in range(self.nouts)]
    return {name: results[j] for j, name in enumerate(self.names)}


cdef int install_stateful_vectorcall() except -1:
    cdef Caller sample = Caller.__new__(Caller)
    cdef Py_ssize_t offset = <char *>&sample.vectorcall - <char *><void *>sample
    an_use_vectorcall(<PyTypeObject *>Caller, offset)
    return 0


install_stateful_vectorcall()
