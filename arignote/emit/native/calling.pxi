# A call of a kernel: memory, the call without the GIL, what it reports.

cdef class Call:
    """What the callbacks of one running kernel need."""

    cdef object plan, leaves, error
    cdef dict late
    cdef list kept, called

    cdef int run(self, int32_t site, void **ptrs, const int64_t *ints) except -1:
        cdef Called simple = self.called[site]
        if simple is not None:
            return simple.run(ptrs, ints)
        callback = self.plan.callbacks[site]
        npointers, nints = callbacks.counts(callback)
        addresses = [<size_t>ptrs[j] for j in range(npointers)]
        callbacks.run_callback(
            callback, self.leaves, addresses, [ints[j] for j in range(nints)], self.kept)
        return 0

    cdef void *allocate(self, int32_t k, const int64_t *dims) except? NULL:
        result = self.plan.results[k]
        flags = NPY_ARRAY_F_CONTIGUOUS if result.order == "F" else 0
        cdef PyObject *made = new_result(np.dtype(result.dtype), result.ndim, <int64_t *>dims, flags)
        self.late[k] = <object>made
        Py_DECREF(<object>made)
        return c_data(made)


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
    if not allocate_results(k, args, ptrs, ints, dims, objects, results, room):
        return _no_match
    context.owner = NULL
    context.threads = _threads
    context.flags = 0
    context.callback = on_callback
    context.result = on_result
    context.interrupted = on_interrupted
    context.borrow = an_borrow
    context.give_back = an_give_back
    context.error.site = 0
    if k.needs_call:
        call = Call.__new__(Call)
        call.plan, call.late, call.kept, call.error = k.plan, {}, [], None
        call.called = k.called
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
    return answer(k, args, given, objects, results)


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


cdef inline int allocate_results(Kernel k, PyObject **args, void **ptrs, int64_t *ints,
                                 int64_t *dims, PyObject **objects, void **results,
                                 int64_t *room) except -1:
    """0 where a guard has failed, before anything is allocated that has a size."""
    cdef ResultRow *row
    cdef int64_t *shape
    cdef int64_t place
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
                    if dims[0] == INT64_MIN:
                        return 0
                shape = dims + row.dims_at
            place = away_from(k, ptrs) if an_is_large(row.descr, row.ndim, shape) else -1
            objects[j] = new_result(<object>row.descr, row.ndim, shape, row.flags, place)
            results[j] = c_data(objects[j])
    return 1


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
