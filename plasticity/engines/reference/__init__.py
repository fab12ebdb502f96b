"""The definition of what a step does, in numpy; every engine is held to it."""
