# Callbacks whose operands and results are arrays in the kernel's memory: no Python but the function.

cdef enum:
    MOST_AXES = 64


cdef class Called:
    """One such callback.  kinds: (dtype, rank) of the operands, then of the results."""

    cdef object function
    cdef tuple operands, results
    cdef bint fills  # its one result is an array that the function writes into

    cdef int run(self, void **ptrs, const int64_t *ints) except -1:
        cdef int64_t steps[MOST_AXES]
        cdef int64_t bytes
        cdef int rank, j
        cdef object dtype
        given = []
        for dtype, rank, bytes in self.operands:
            if rank:
                for j in range(rank):
                    steps[j] = ints[rank + j] * bytes
                given.append(array_over(dtype, rank, <int64_t *>ints, steps, ptrs[0]))
                ints += 2 * rank
            else:
                given.append(scalar_of(ptrs[0], dtype))
            ptrs += 1
        if self.fills:
            dtype, rank, bytes = self.results[0]
            given.append(array_over(dtype, rank, <int64_t *>ints, NULL, ptrs[0]))
        try:
            answer = self.function.fill(*given) if self.fills else self.function(*given)
        except BaseException:
            callbacks.detach(given)
            raise
        if self.fills:
            return 0
        answers = answer if isinstance(answer, tuple) else (answer,)
        if len(answers) != len(self.results):
            raise ValueError(f"{len(self.results)} results are wanted, {len(answers)} were made")
        for (dtype, rank, bytes), value in zip(self.results, answers):
            array_over(dtype, rank, <int64_t *>ints, NULL, ptrs[0])[...] = value
            ints += rank
            ptrs += 1
        return 0


cdef Called called(callback):
    """The callback in this form; None: it has operands or results of other kinds."""
    if not all(isinstance(o, ArrayOperand) and o.ndim <= MOST_AXES for o in callback.operands):
        return None
    if any(r.late or r.ndim > MOST_AXES for r in callback.results):
        return None
    cdef Called c = Called.__new__(Called)
    c.function = callback.function
    c.fills = getattr(callback.function, "fills", False)
    c.operands = tuple((np.dtype(o.dtype), o.ndim, o.dtype.itemsize) for o in callback.operands)
    c.results = tuple((np.dtype(r.dtype), r.ndim, r.dtype.itemsize) for r in callback.results)
    return c


cdef object array_over(object dtype, int rank, int64_t *dims, int64_t *steps, void *data):
    """An array over memory that belongs to the kernel; `steps` in bytes, NULL: in C order."""
    cdef int flags = NPY_ARRAY_WRITEABLE | (NPY_ARRAY_C_CONTIGUOUS if steps == NULL else 0)
    Py_INCREF(dtype)  # the array takes one
    cdef PyObject *made = new_array(
        <PyObject *>dtype, rank, dims, steps, data if data != NULL else <void *>&nowhere, flags)
    update_flags(made, NPY_ARRAY_ALIGNED | NPY_ARRAY_C_CONTIGUOUS | NPY_ARRAY_F_CONTIGUOUS)
    out = <object>made
    Py_DECREF(out)
    return out


cdef int64_t nowhere = 0


cdef object scalar_of(void *data, object dtype):
    cdef PyObject *made = new_scalar(data, <PyObject *>dtype)
    out = <object>made
    Py_DECREF(out)
    return out
