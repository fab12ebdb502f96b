"""python -m plasticity"""

from plasticity.cli import main

main()
