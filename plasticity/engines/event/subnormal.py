"""Numbers too small for full precision, as 0 within a step loop: a trace that fades away passes through them for a long
time, and many processors compute with them a hundred times slower."""

from __future__ import annotations

import platform

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

#: of the control register of vector arithmetic: results and operands that are subnormal count as 0
_FLUSH = 0x8040
_X86 = platform.machine().lower() in ("x86_64", "amd64")


@intrinsic
def flush_subnormal(typing):
    """Subnormal numbers are 0 from here on; answers how it was before, for `as_before`."""

    def write(context, builder, signature, args):
        set.add(builder.function.attributes, '"prefer-vector-width"="512"')
        place = cgutils.alloca_once(builder, ir.IntType(32), zfill=True)
        _call(builder, "stmxcsr", place)
        before = builder.load(place)
        _load(builder, builder.or_(before, ir.Constant(ir.IntType(32), _FLUSH)))
        return before

    return types.uint32(), write


@intrinsic
def as_before(typing, before):
    """Puts back what `flush_subnormal` changed."""

    def write(context, builder, signature, args):
        _load(builder, args[0])
        return context.get_dummy_value()

    return types.void(types.uint32), write


def _load(builder: ir.IRBuilder, value: ir.Value) -> None:
    place = cgutils.alloca_once_value(builder, value)
    _call(builder, "ldmxcsr", place)


def _call(builder: ir.IRBuilder, name: str, place: ir.Value) -> None:
    """One instruction of x86; elsewhere nothing."""
    if not _X86:
        return
    pointer = ir.IntType(8).as_pointer()
    function = cgutils.get_or_insert_function(builder.module, ir.FunctionType(ir.VoidType(), [pointer]),
                                              f"llvm.x86.sse.{name}")
    builder.call(function, [builder.bitcast(place, pointer)])
