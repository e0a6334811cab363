"""The compiler's steps for kernels: typed one by one, then optimised and made machine code of in one piece.

numba optimises every function and makes machine code of it before it links it into what calls it, where all
of that is done again. A kernel is never called but from machine code, so its library stays as it was lowered,
and the outermost function's takes those of every kernel below it. What a call of an operator comes to is
looked up once in such a compilation, and steps that find nothing in a kernel are left out: no closure, no
`with`, no parallel loop, no array expression stands in one of the house's. Imports numba (half a second).
"""

# mypy: disable-error-code="misc, untyped-decorator, no-untyped-call"
# numba has no types for what its own compiler is extended with.
# ruff: noqa: SLF001  # what a library of code hands to another is private in numba

import importlib
from collections.abc import Iterator
from typing import Any

import llvmlite.binding as llvm
from numba.core import compiler, typed_passes, untyped_passes
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler_machinery import register_pass
from numba.core.ir_utils import build_definitions
from numba.core.ssa import reconstruct_ssa
from numba.core.transforms import canonicalize_cfg

from research.engine.code_cache import HOUSE
from research.engine.remembering import KernelPasses, remembering, unwatched

dynamic: Any = importlib.import_module("numba._dynfunc")


@register_pass(mutates_CFG=True, analysis_only=False)
class Tidied(untyped_passes.IRProcessing):
    """A kernel's blocks as later steps want them."""

    def run_pass(self, state: Any) -> bool:
        """Put the blocks in order."""
        return _tidied(state)


@register_pass(mutates_CFG=True, analysis_only=False)
class AssignedOnce(untyped_passes.ReconstructSSA):
    """Each variable assigned once."""

    def run_pass(self, state: Any) -> bool:
        """Give each assignment a variable of its own."""
        state.func_ir = reconstruct_ssa(state.func_ir)
        self._patch_locals(state)
        state.func_ir._definitions = build_definitions(state.func_ir.blocks)
        return _tidied(state)


@register_pass(mutates_CFG=True, analysis_only=False)
class Merged(typed_passes.PreLowerStripPhis):
    """One variable where paths meet, which each of them assigns."""

    def run_pass(self, state: Any) -> bool:
        """Take the variables of paths together."""
        state.func_ir = self._strip_phi_nodes(state.func_ir)
        state.func_ir._definitions = build_definitions(state.func_ir.blocks)
        return _tidied(state)


def _tidied(state: Any) -> bool:
    state.func_ir.blocks = canonicalize_cfg(state.func_ir.blocks)
    return True


PASSES: tuple[Any, ...] = (
    untyped_passes.TranslateByteCode,
    untyped_passes.FixupArgs,
    Tidied,
    untyped_passes.RewriteSemanticConstants,
    untyped_passes.DeadBranchPrune,
    untyped_passes.GenericRewrites,
    AssignedOnce,
    untyped_passes.DeadBranchPrune,
    typed_passes.NopythonTypeInference,
    Merged,
    typed_passes.IRLegalization,
    typed_passes.AnnotateTypes,
    typed_passes.NativeLowering,
    typed_passes.NoPythonBackend,
)
"""numba's own steps for a function without Python objects, but for those that find nothing in a kernel, and
three without working out how long variables live, which is asked for when all of them are made."""


class InnerLibrary(JITCodeLibrary):
    """The code of one kernel: linked into what calls it, never made machine code of by itself."""

    def get_pointer_to_function(self, name: str) -> int:
        """Return 0: nobody calls it from outside."""
        del name
        self._ensure_finalized()
        return 0

    def _shared(self) -> None:
        """Let it be linked in as often as it is called."""
        for function in self._final_module.functions:
            if not function.is_declaration and function.linkage == llvm.Linkage.external:
                function.linkage = "linkonce_odr"
        self._finalized = True


class LoopKernelLibrary(InnerLibrary):
    """The code of a kernel with all it calls, optimised, for a loop that is run half a million times."""

    def finalize(self) -> None:
        """Link what it calls, and optimise."""
        self._raise_if_finalized()
        for library in dict.fromkeys(self._linking_libraries):
            self._final_module.link_in(library._get_module_for_linking(), preserve=True)
        passes, builder = self._codegen._module_pass_manager()
        passes.run(self._final_module, builder)
        self._shared()


class KernelLibrary(InnerLibrary):
    """The code of one kernel as it was lowered, without what it calls and not optimised."""

    def finalize(self) -> None:
        """Leave it as it is."""
        self._raise_if_finalized()
        self._shared()

    def below(self) -> Iterator[Any]:
        """Yield the libraries that it needs, directly or not."""
        for library in self._linking_libraries:
            yield library
            if isinstance(library, KernelLibrary):
                yield from library.below()

    @property
    def alone(self) -> Any:
        """Its own code, without that of what it calls."""
        self._ensure_finalized()
        return self._final_module

    def _get_module_for_linking(self) -> Any:
        """Return all its code: numba's own functions link what they call and nothing below."""
        if self._shared_module is None:
            whole = self.alone.clone()
            for library in dict.fromkeys(self.below()):
                own = isinstance(library, KernelLibrary)
                whole.link_in(library.alone if own else library._get_module_for_linking(), preserve=True)
            self._shared_module = whole
        return self._shared_module


class _Part:
    """A kernel's code as the outermost function links it: alone, for what it calls is linked beside it."""

    def __init__(self, library: KernelLibrary) -> None:
        self._reload_init = library._reload_init
        self._get_module_for_linking = lambda: library.alone


class OutermostLibrary(JITCodeLibrary):
    """The code of an outermost function and of all it calls, optimised in one go."""

    def finalize(self) -> None:
        """Link every kernel once and make machine code."""
        direct = list(self._linking_libraries)
        below = (each for one in direct if isinstance(one, KernelLibrary) for each in one.below())
        every = dict.fromkeys([*direct, *below])
        self._linking_libraries = [_Part(each) if isinstance(each, KernelLibrary) else each for each in every]
        super().finalize()
        self._linking_libraries = direct


class KernelCompiler(compiler.CompilerBase):
    """Compile a kernel that an outermost function calls."""

    library: type[JITCodeLibrary] = KernelLibrary

    def __init__(self, typing: Any, target: Any, *more: Any) -> None:
        super().__init__(*_remembering.get((id(typing), id(target)), (typing, target)), *more)

    def define_pipelines(self) -> list[Any]:
        """Return the one list of steps, and have the code written into a library of our own."""
        state = self.state
        state.library = self.library(state.targetctx.codegen(), state.func_id.func_qualname)
        state.library.enable_object_caching()
        if issubclass(self.library, InnerLibrary):
            state.targetctx = state.targetctx.subtarget(get_executable=_without_pointer)
        if state.func_id.modname.partition(".")[0] not in HOUSE:
            return [compiler.DefaultPassBuilder.define_nopython_pipeline(state)]
        steps = KernelPasses("kernel")
        for each in PASSES:
            steps.add_pass(each, each.__name__)
        steps.finalize()
        return [steps]


class LoopKernelCompiler(KernelCompiler):
    """Compile a kernel that a loop over candles calls."""

    library = LoopKernelLibrary


def _without_pointer(library: Any, described: Any, environment: Any) -> Any:
    """Return what stands for a kernel that is there as a part only: a function nobody can call."""
    library.get_pointer_to_function("")
    name = described.qualname.split(".")[-1]
    return dynamic.make_function(described.lookup_module(), name, "", 0, environment, (library,))


class OutermostCompiler(KernelCompiler):
    """Compile an outermost function: what its kernels ask of numba's tables is kept while it takes."""

    library, kernels = OutermostLibrary, KernelCompiler

    def __init__(self, typing: Any, target: Any, *more: Any) -> None:
        typing.refresh()
        target.refresh()
        self._key, self._contexts = (id(typing), id(target)), remembering(typing, target)
        compiler.CompilerBase.__init__(self, *self._contexts, *more)

    def _compile_core(self) -> Any:
        _remembering[self._key] = self._contexts
        _compilers.append(self.kernels)
        try:
            with unwatched():
                return super()._compile_core()
        finally:
            _compilers.pop()
            del _remembering[self._key]


class LoopCompiler(OutermostCompiler):
    """Compile a loop over candles: a few kernels, run so often that each is optimised with what it calls.

    The account pass, many kernels run for each vote, compiles in two thirds of the time without, and runs as
    fast; a loop runs a tenth faster with it.
    """

    kernels = LoopKernelCompiler


_compilers: list[type[KernelCompiler]] = [KernelCompiler]


def compiler_of_kernels() -> type[KernelCompiler]:
    """Return what compiles the kernels of the outermost function that is being compiled."""
    return _compilers[-1]


def compile_inner(*given: Any) -> KernelCompiler:
    """Return what compiles a function as a kernel of the outermost one that is being compiled."""
    return compiler_of_kernels()(*given)


_remembering: dict[tuple[int, int], tuple[Any, Any]] = {}
"""Of numba's contexts, while an outermost function is compiled, those that remember; under numba's lock."""
