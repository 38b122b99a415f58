# One specialisation: a plan turned into C rows, once, so that a call reads no Python object.

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
    DEEPEST = 16  # containers in each other that the runtime puts together itself

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
    int64_t *axes       # of a result that is transposed on its way out; where it comes first
    PyObject *value


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
    cdef object nesting  # of an answer in a tree of plain containers; None: the plan puts it together
    cdef list called

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
        self.called = [called(c) for c in plan.callbacks]
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
        self.nesting = nesting(structure, DEEPEST) if self.shape == SHAPE_TREE else None
        self.noutputs = len(plan.outputs)
        self.outputs = <OutputRow *>zeroed(self.noutputs, sizeof(OutputRow))
        for j, output in enumerate(plan.outputs):
            row = &self.outputs[j]
            if isinstance(output, NewArray):
                row.kind, row.index = NEW, output.result
                if output.axes is not None and output not in plan.outputs[:j]:
                    row.axes = <int64_t *>c_data(self._hold(np.array(output.axes, np.int64)))
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
