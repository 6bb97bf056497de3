"""The support model: whether evidence supports a sentence.

Belongs here: reading claims and evidence, measuring them against each other, the generator of training pairs, the
classifier and its artefact, and the command line. Typed banking claims belong to `rag.claims` and are compared
exactly by `rag.grounding`; this package judges sentences without such claims, of any subject.
"""
