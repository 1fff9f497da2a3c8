"""Mz by a language model: prompts in, proposals out, every response kept before it is used."""
