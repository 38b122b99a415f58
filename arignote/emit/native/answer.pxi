# The answer of a call: results as arrays, scalars and views, put together as the plan says.

cdef object answer(Kernel k, PyObject **args, PyObject **given, PyObject **objects,
                   void **results):
    cdef int j
    if k.shape == SHAPE_LEAF:
        return output(k, &k.outputs[0], args, given, objects, results)
    if k.shape == SHAPE_NONE:
        return None
    parts = PyTuple_New(k.noutputs)
    for j in range(k.noutputs):
        part = output(k, &k.outputs[j], args, given, objects, results)
        Py_INCREF(part)  # the tuple takes it
        PyTuple_SET_ITEM(parts, j, part)
    if k.shape == SHAPE_TUPLE:
        return parts
    if k.shape == SHAPE_LIST:
        return list(parts)
    if k.nesting is None:
        return k.plan.structure.unflatten(parts)
    j = 0
    return nested(k.nesting, parts, &j)


cdef object nesting(structure, int depth):
    """(kind, keys, children) of a tree of tuples, lists and dicts, None of another; True: a leaf."""
    kind = getattr(structure, "kind", None)
    if kind == "leaf":
        return True
    kinds = {"tuple": SHAPE_TUPLE, "list": SHAPE_LIST, "none": SHAPE_NONE, "dict": SHAPE_TREE}
    if kind not in kinds or depth == 0:
        return None
    children = tuple([nesting(c, depth - 1) for c in structure.children])
    return None if None in children else (kinds[kind], structure.meta, children)


cdef object nested(tree, tuple parts, int *at):
    cdef tuple children
    cdef int kind
    if tree is True:
        at[0] += 1
        return parts[at[0] - 1]
    kind, children = (<tuple>tree)[0], (<tuple>tree)[2]
    if kind == SHAPE_NONE:
        return None
    values = [nested(c, parts, at) for c in children]
    if kind == SHAPE_LIST:
        return values
    return tuple(values) if kind == SHAPE_TUPLE else dict(zip((<tuple>tree)[1], values))


cdef inline object output(Kernel k, OutputRow *row, PyObject **args, PyObject **given,
                          PyObject **objects, void **results):
    cdef ResultRow *result
    cdef PyObject *made
    if row.kind == ARGUMENT:
        return <object>given[row.index]
    if row.kind == VALUE_KNOWN:
        return <object>row.value
    if row.kind == VIEW:
        return view(k, row, args, given, objects)
    result = &k.results[row.index]
    if row.kind == NEW:
        if objects[row.index] == NULL:
            if result.ndim:
                raise VerifyError(f"{k.plan.name}: result {row.index} was not allocated")
            Py_INCREF(<object>result.descr)
            objects[row.index] = new_array(result.descr, 0, NULL, NULL, NULL, 0)
            memcpy(c_data(objects[row.index]), results[row.index], result.itemsize)
        elif row.axes != NULL:
            transpose(objects[row.index], row.axes)
        return <object>objects[row.index]
    if row.kind == WEAK:
        return python_number(result.type_num, results[row.index])
    made = new_scalar(results[row.index], result.descr)
    scalar = <object>made
    Py_DECREF(scalar)
    return scalar


cdef void transpose(PyObject *array, int64_t *axes) noexcept:
    """In place: nobody else has this array yet, and it goes on owning its memory."""
    cdef int rank = c_ndim(array)
    cdef int64_t dims[64]
    cdef int64_t strides[64]
    cdef int axis
    memcpy(dims, c_dims(array), rank * sizeof(int64_t))
    memcpy(strides, c_strides(array), rank * sizeof(int64_t))
    for axis in range(rank):
        c_dims(array)[axis] = dims[axes[axis]]
        c_strides(array)[axis] = strides[axes[axis]]
    update_flags(array, NPY_ARRAY_C_CONTIGUOUS | NPY_ARRAY_F_CONTIGUOUS)


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


cdef object view(Kernel k, OutputRow *row, PyObject **args, PyObject **given,
                 PyObject **objects):
    cdef PyObject *base = objects[row.index] if row.base_is_result else given[row.index]
    cdef PyObject *made
    cdef PyObject *descr = c_descr(base)
    cdef int64_t *window = <int64_t *>c_data(objects[row.window])
    cdef int rank = (c_dims(objects[row.window])[0] - 1) // 2
    cdef int64_t strides[64]
    cdef int64_t size = (<object>base).itemsize
    cdef int axis
    if not row.base_is_result and args[row.index] != base:
        return arguments.through(<object>base, <object>args[row.index],
                                 [window[axis] for axis in range(1 + 2 * rank)])
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
