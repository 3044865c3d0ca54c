"""Backgrounds that a company brings: one shape for all sources, linked and reduced once."""
