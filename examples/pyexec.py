"""Runs the Python program on its standard input, once: an app's `metadata` arrives there.

    curl … /appmesh/app/syncrun -d '{"name": "pyexec", "metadata": "print(6 * 7)"}'
"""

import sys

exec(compile(sys.stdin.read(), "<stdin>", "exec"), {"__name__": "__main__"})
