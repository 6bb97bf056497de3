"""Writing and proving: corpus, retrieval, writers, grounding, compliance, templates, release."""
