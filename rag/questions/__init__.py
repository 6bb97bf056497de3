"""Questions to the corpus: the passages that answer one, or the reason why there is none.

Belongs here: the bank's and its customers' words for the same things (`vocabulary`), what a question asks for
(`wants`), the decision to answer or abstain (`model`), and the search that puts them together (`answering`).
Briefs are served by `rag.retrieval`, which this package builds on.
"""
