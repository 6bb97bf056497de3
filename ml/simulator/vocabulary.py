"""Words of the simulated bank, in the order in which parameters and draws number them."""

SEGMENT_NAMES = ("starting out", "growing family", "established professional", "careful saver", "retired")
TRAIT_NAMES = ("price-insensitive", "price-aware", "price-sensitive")
INTENT_NAMES = ("dormant", "browsing", "considering", "ready")
CHANNELS = ("email", "sms", "push", "in_app")
INTENSITIES = ("low", "medium", "high")
TOPICS = ("deposit", "card", "loan", "mortgage", "investment", "insurance")
SEGMENTS, TRAITS, INTENTS, SLOTS = len(SEGMENT_NAMES), len(TRAIT_NAMES), len(INTENT_NAMES), 4

EVENT_TYPES = (
    "login",
    "support_viewed",
    "page_viewed",
    "product_viewed",
    "rates_viewed",
    "calculator_used",
    "application_started",
)
# The types about a topic; the others are about running an account.
TOPICAL_FROM = 2

SPENDING = (
    "groceries",
    "dining",
    "fuel",
    "shopping",
    "travel",
    "health",
    "transfer_in",
    "transfer_out",
    "savings_transfer",
    "fee",
)
DISCRETIONARY = ("dining", "shopping", "travel")
PRODUCTS = (
    "everyday_checking",
    "high_yield_savings",
    "money_market",
    "cd_12_month",
    "cash_rewards_card",
    "travel_card",
    "balance_transfer_card",
    "personal_loan",
    "auto_loan",
    "renters_insurance",
)
SERVICE_TYPES = (
    "complaint_opened",
    "dispute_opened",
    "hardship_started",
    "bankruptcy",
    "fraud_alert",
    "do_not_contact",
)
