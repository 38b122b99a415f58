# Memory of results: large ones come from the pool, and go back when their array is freed.
#
# A fresh page costs more than most kernels write into it.  NumPy keeps with each array the handler
# that its memory came from, so such an array may outlive anything here, be resized, or be freed by
# NumPy itself.  Before the data stand where the block begins and how long it is.
#
# Processors tell loads from the stores before them by the place in a page: a store a little further
# in its page than what the next steps load holds them up (cubic polynomials of 100,000 doubles took
# 50 µs instead of 31).  So the data begin where they are far from those of the arguments.

cdef extern from *:
    """
    #define AN_LARGE (1 << 18) /* smaller ones are recycled by malloc */
    typedef struct { void *block; size_t length; } an_header;

    #define AN_PAGE 4096
    static int64_t an_in_page = -1; /* in the page, of what is being made; -1: anywhere */

    static void *an_result_memory(size_t bytes, int zero) {
        size_t got;
        const int64_t place = an_in_page;
        const size_t more = 64 + sizeof(an_header) + (place < 0 ? 0 : AN_PAGE);
        char *block = (char *)an_borrow(bytes + more, zero, &got);
        if (!block) return NULL;
        char *data = (char *)(((uintptr_t)block + sizeof(an_header) + 63) & ~(uintptr_t)63);
        if (place >= 0) data += (place - (uintptr_t)data) & (AN_PAGE - 1);
        ((an_header *)data)[-1] = (an_header){block, got};
        return data;
    }

    static void *an_handler_malloc(void *ctx, size_t bytes) { return an_result_memory(bytes, 0); }

    static void *an_handler_calloc(void *ctx, size_t count, size_t size) {
        if (size && count > PY_SSIZE_T_MAX / size) return NULL;
        return an_result_memory(count * size, 1);
    }

    static void an_handler_free(void *ctx, void *data, size_t bytes) {
        if (data) an_give_back(((an_header *)data)[-1].block, ((an_header *)data)[-1].length);
    }

    static void *an_handler_realloc(void *ctx, void *data, size_t bytes) {
        void *made = an_result_memory(bytes, 0);
        if (data && made) {
            an_header h = ((an_header *)data)[-1];
            size_t held = h.length - ((char *)data - (char *)h.block);
            AN_SHOW(h.block, h.length);
            memcpy(made, data, held < bytes ? held : bytes);
            an_handler_free(ctx, data, 0);
        }
        return made;
    }

    static PyDataMem_Handler an_handler = {
        "arignote", 1,
        {NULL, an_handler_malloc, an_handler_calloc, an_handler_realloc, an_handler_free}};

    static PyObject *an_handler_object(void) {
        return PyCapsule_New(&an_handler, "mem_handler", NULL);
    }

    static int an_is_large(PyObject *descr, int rank, const int64_t *dims) {
        npy_intp bytes = PyDataType_ELSIZE((PyArray_Descr *)descr);
        for (int k = 0; k < rank; k++) bytes *= dims[k];
        return bytes >= AN_LARGE && an_bound;
    }

    /* A new array of uninitialised elements; takes the reference to descr. */
    static PyObject *an_new_result(PyObject *handler, PyObject *descr, int rank,
                                   const int64_t *dims, int flags, int64_t place) {
        if (!an_is_large(descr, rank, dims)) {
            return PyArray_NewFromDescr(&PyArray_Type, (PyArray_Descr *)descr, rank,
                                        (npy_intp *)dims, NULL, NULL, flags, NULL);
        }
        PyObject *before = PyDataMem_SetHandler(handler);
        if (!before) { Py_DECREF(descr); return NULL; }
        an_in_page = place;
        PyObject *made = PyArray_NewFromDescr(&PyArray_Type, (PyArray_Descr *)descr, rank,
                                              (npy_intp *)dims, NULL, NULL, flags, NULL);
        an_in_page = -1;
        PyObject *ours = PyDataMem_SetHandler(before);
        if (!ours) Py_CLEAR(made);
        Py_XDECREF(ours);
        Py_DECREF(before);
        return made;
    }
    """
    object an_handler_object()
    bint an_is_large(PyObject *descr, int rank, int64_t *dims)
    PyObject *an_new_result(PyObject *handler, PyObject *descr, int rank, int64_t *dims,
                            int flags, int64_t place) except NULL


cdef object _handler = an_handler_object()


cdef inline PyObject *new_result(object descr, int rank, int64_t *dims, int flags,
                                 int64_t place = -1) except NULL:
    """An array for a result; its elements are not set.  place: where in a page large ones begin."""
    Py_INCREF(descr)  # the constructor takes it
    return an_new_result(<PyObject *>_handler, <PyObject *>descr, rank, dims, flags, place)


cdef int64_t away_from(Kernel k, void **ptrs) noexcept:
    """The place in a page that is furthest from the data of arrays: ahead of where they begin,
    where stores are in the way of loads, and less so behind it, where neighbours are."""
    cdef int64_t place, least, ahead, best = -1, most = -1
    cdef int j
    for place in range(0, 4096, 512):
        least = 4096
        for j in range(k.nptrs):
            if k.ptrs[j].kind == VALUE:
                continue
            ahead = (place - <int64_t>ptrs[j] - 1) & 4095
            least = min(least, ahead, 3 * (4095 - ahead))
        if least > most and least < 4096:
            best, most = place, least
    return best
