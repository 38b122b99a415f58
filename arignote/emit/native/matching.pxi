# Whether the leaves of a call are those of a plan.

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
