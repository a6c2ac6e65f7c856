"""``python -m kbsearch.cli`` is ``kbsearch``."""

from kbsearch.cli import main

main()
