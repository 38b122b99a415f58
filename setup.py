"""Builds the compiled parts of Arignote: `arignote.emit.runtime` (argument check and launch), and
`arignote.emit.cuda.runtime._launch` (launches on a GPU).

They are optional: without a C compiler or Python's headers the installation goes on, and their
twins in pure Python are used at run time.  All else about the
package stands in pyproject.toml.
"""

import sys

from setuptools import Extension, setup


def extensions() -> list[Extension]:
    """The extensions, or nothing where Cython cannot translate it."""
    try:
        import numpy
        from Cython.Build import cythonize

        runtime = Extension(
            "arignote.emit.runtime",
            ["arignote/emit/runtime.pyx"],
            include_dirs=[numpy.get_include(), "arignote/emit"],
            depends=["arignote/emit/native/team.h"],
            define_macros=[("NPY_NO_DEPRECATED_API", "NPY_2_0_API_VERSION")],
            extra_compile_args=[] if sys.platform == "win32" else ["-O3", "-fno-strict-aliasing"],
        )
        launcher = Extension(
            "arignote.emit.cuda.runtime._launch", ["arignote/emit/cuda/runtime/_launch.pyx"]
        )
        made = list(cythonize([runtime, launcher], build_dir="build/cython", quiet=True))
        for extension in made:
            extension.optional = True  # cythonize makes new objects and drops this
        return made
    except Exception as error:  # a broken tool chain must not stop the installation
        print(f"arignote: the compiled runtime is left out ({error})", file=sys.stderr)
        return []


setup(ext_modules=extensions())
