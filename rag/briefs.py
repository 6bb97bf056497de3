"""Briefs: what a text has to be written for. One brief serves every customer it fits.

Belongs here: the brief itself and its enumeration from the catalogue. How many briefs there are depends on the
catalogue (live product versions x their channels x intents x intensities), never on the customers.

Jurisdictions: `jurisdiction_group` is always 'all'. Harbor Bank's documents hold in every state where a product is
offered; retrieval refuses a passage whose document names states that do not cover the product's.
"""

from dataclasses import dataclass

INTENT_NAMES = ("dormant", "browsing", "considering", "ready")
INTENSITIES = ("low", "medium", "high")
CHANNELS = ("email", "sms", "push", "in_app", "mail")


@dataclass(frozen=True)
class Brief:
    """What one text is written for.

    Attributes
    ----------
    brief_id : str
        MD5 (hex) of the columns of `rag.briefs` below it.
    product_id, product_version : str
        Version of the product.
    channel : str
        One of `CHANNELS`.
    intent : int
        Latent intent, 0 = least ready.
    intensity : str
        One of `INTENSITIES`.
    language, jurisdiction_group : str
        'en' and 'all' (see the module's docstring).
    product_name, family : str
        From the catalogue; not part of the id, since product_version covers them.
    states : tuple of str
        States where the product is offered; empty = all.
    intent_name : str
        One of `INTENT_NAMES`.
    """

    brief_id: str
    product_id: str
    product_version: str
    channel: str
    intent: int
    intensity: str
    language: str
    jurisdiction_group: str
    product_name: str
    family: str
    states: tuple[str, ...] = ()
    intent_name: str = "browsing"
