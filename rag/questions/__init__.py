"""Questions to the corpus: the passages that answer one, or the reason why there is none.

Belongs here: how well a passage answers (`reader`, trained by `training`), the decision to answer or abstain (`model`),
and the search that puts them together (`answering`). Briefs are served by `rag.retrieval`, which this builds on.
"""
