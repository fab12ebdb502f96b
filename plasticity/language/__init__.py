"""The rule language: what a text may say, and what it means."""
