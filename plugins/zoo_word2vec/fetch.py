"""Asking for rows of a table before they are needed: their addresses are drawn at random, and no processor can guess them.

numba has no word for this; LLVM, which it compiles with, has (`llvm.prefetch`). Whoever changes this file removes what numba has
kept of `zoo_word2vec.loops` (`__pycache__/*.nb*`): it looks for changes there alone.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

WRITTEN, KEPT, DATA = 1, 3, 1
"""Arguments of `llvm.prefetch`: for writing, to be kept in all caches, data rather than code."""


def _fetch(typing: Any, table: Any, row: Any, number: Any) -> Any:  # noqa: ARG001 - the form that numba asks for
    """Types of the arguments → type and code of the call."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = signature.args[0]
        array = context.make_array(kind)(context, builder, arguments[0])
        place = [context.cast(builder, value, of, types.intp) for value, of in zip(arguments[1:], signature.args[1:], strict=True)]
        found = cgutils.get_item_pointer(context, builder, kind, array, place, wraparound=False, boundscheck=False)
        byte, option = ir.IntType(8).as_pointer(), ir.IntType(32)
        form = ir.FunctionType(ir.VoidType(), [byte, option, option, option])
        asked = cgutils.get_or_insert_function(builder.module, form, "llvm.prefetch.p0i8")
        builder.call(asked, [builder.bitcast(found, byte), *(option(value) for value in (WRITTEN, KEPT, DATA))])
        return context.get_dummy_value()

    return types.void(table, row, number), generate


fetch: Any = intrinsic(_fetch)
"""`fetch(table, row, number)` asks for the cache line of `table[row, number]`; nothing is read, and nothing waits."""
