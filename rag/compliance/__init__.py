"""Compliance: whether a text may be sent, and to this customer.

Belongs here: dated rules as data, one function per rule, the fixed texts that mend a missing disclosure, and the
engine that runs them. Whether a claim is true is decided by `rag.grounding`.
"""

from rag.compliance.engine import Check, ComplianceResult, check_message, rules_in_force, rules_version
from rag.compliance.model import CheckedSentence, Finding, Message, ProductFacts, Rule

__all__ = [
    "Check",
    "CheckedSentence",
    "ComplianceResult",
    "Finding",
    "Message",
    "ProductFacts",
    "Rule",
    "check_message",
    "rules_in_force",
    "rules_version",
]
