"""`theano.typed_list`"""

from ..tensor.typed_lists import (
    TypedListType,
    TypedListVariable,
    append,
    count,
    extend,
    getitem,
    index_,
    insert,
    length,
    make_list,
    remove,
    reverse,
)

__all__ = [
    "TypedListType", "TypedListVariable", "append", "count", "extend", "getitem", "index_",
    "insert", "length", "make_list", "remove", "reverse",
]  # fmt: skip
