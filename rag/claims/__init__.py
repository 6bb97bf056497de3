"""Typed claims: what a sentence asserts, as exact values that can be compared.

Belongs here: normalising a text and parsing it into `Claim`s. Whether a claim is true is decided by `rag.grounding`,
whether it may be said by `rag.compliance`.
"""

from rag.claims.model import CLAIM_TYPES, Claim
from rag.claims.normalise import Normalised, normalise_claim_text
from rag.claims.parser import date_role, parse_claims

__all__ = ["CLAIM_TYPES", "Claim", "Normalised", "date_role", "normalise_claim_text", "parse_claims"]
