"""Words that give a claim its type, subject, qualifiers and sign.

Belongs here: patterns only, over normalised lower-case text. A wider lexicon can only make more words count as
claims, so it can only block more; it never lets a sentence through.
"""

import re

MONTHS = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)

APY_LABEL = re.compile(r"\bapys?\b|\bannual\s+percentage\s+yields?\b")
APR_LABEL = re.compile(r"\baprs?\b|\bannual\s+percentage\s+rates?\b")
PERFORMANCE_LABEL = re.compile(r"\breturns?\b|\bperformance\b|\bgrowth\b|\bgrow(?:s|n|th)?\b|\bgain(?:s|ed)?\b")
FEE_LABEL = re.compile(r"\bfees?\b|\bcharges?\b|\bpenalt(?:y|ies)\b|\bcosts?\b|\bsurcharges?\b")
BONUS_LABEL = re.compile(r"\bbonus(?:es)?\b|\bgift\s+cards?\b|\bstatement\s+credits?\b|\bcash\s+offer\b")
PAYMENT_LABEL = re.compile(
    r"\bpayments?\s+(?:of|are|is|from|as)\b|\b(?:monthly|minimum)\s+payments?\b|\bpay\s+(?:only\s+|just\s+)?$|\binstal+ments?\b"
    r"|\bpremiums?\b|\ba\s+month\b|\bper\s+month\b|/mo\b"
)
COVERAGE_LABEL = re.compile(
    r"\bcover(?:s|ed|age)?\b|\binsured\b|\bliability\b|\bdeductibles?\b|\bprotect(?:s|ed|ion)\b"
)

# Subject tags of a value, read from the words around it. Order does not count; all that match are tags.
SUBJECT_TAGS = tuple(
    (name, re.compile(pattern))
    for name, pattern in (
        ("intro", r"\bintro(?:ductory)?\b|\bpromotional\b|\bpromo\b"),
        ("purchase", r"\bpurchases?\b"),
        ("balance_transfer", r"\bbalance[\s-]+transfers?\b|\btransferr?ed\s+balances?\b"),
        ("cash_advance", r"\bcash[\s-]+advances?\b"),
        ("penalty", r"\bpenalt(?:y|ies)\b"),
        ("variable", r"\bvariable\b"),
        ("fixed", r"\bfixed\b"),
        ("cash_back", r"\bcash[\s-]*back\b"),
        ("reward", r"\brewards?\b|\bpoints?\b|\bmiles\b"),
        ("interest", r"\binterest\b"),
        ("discount", r"\bdiscounts?\b|\boff\b"),
        ("foreign", r"\bforeign\b|\binternational\b"),
        ("transaction", r"\btransactions?\b"),
        ("late", r"\blate\b"),
        ("returned", r"\breturned\b|\bnsf\b|\binsufficient\b"),
        ("overdraft", r"\boverdrafts?\b"),
        ("origination", r"\borigination\b"),
        ("application", r"\bapplications?\b"),
        ("prepayment", r"\bpre-?payments?\b|\bearly\s+pay-?off\b|\bpay(?:ing)?\s+(?:it\s+)?(?:off\s+)?early\b"),
        ("early_withdrawal", r"\bearly[\s-]+withdrawals?\b"),
        ("maintenance", r"\bmaintenance\b|\bservice\s+fee|\bmonthly\s+(?:account\s+)?fee"),
        ("atm", r"\batms?\b"),
        ("wire", r"\bwires?\b"),
        ("statement", r"\bstatements?\b"),
        ("closing", r"\bclosing\b"),
        ("monthly", r"\bmonthly\b|\b(?:a|per|each|every)\s+month\b|/mo\b|\bmo\.|\bstatement\s+cycle\b"),
        ("annual", r"\bannual(?:ly)?\b|\byearly\b|\b(?:a|per|each|every)\s+year\b|/yr\b|/year\b"),
        ("daily", r"\bdaily\b|\b(?:a|per|each)\s+day\b"),
        ("weekly", r"\bweekly\b|\b(?:a|per|each)\s+week\b"),
        ("minimum", r"\bminimums?\b|\bleast\b|\blowest\b|\bsmallest\b"),
        ("maximum", r"\bmaximums?\b|\bhighest\b|\blargest\b"),
        ("opening", r"\bopen(?:s|ing|ed)?\b"),
        ("direct_deposit", r"\bdirect[\s-]+deposits?\b"),
        ("deposit", r"(?<!direct\s)(?<!direct-)\bdeposit(?:s|ed|or|ors)?\b"),
        ("balance", r"\bbalances?\b(?![\s-]+transfer)"),
        ("loan", r"\bborrow(?:s|ing)?\b|\bloans?\b|\bfinanc(?:e|ed|ing)\b"),
        ("credit_limit", r"\bcredit\s+(?:limit|line)s?\b"),
        ("down_payment", r"\bdown[\s-]+payments?\b|\bdown\b(?!\s+to\b)"),
        ("payment", r"(?<!down\s)\bpayments?\b|\binstal+ments?\b|\bpremiums?\b"),
        ("save", r"\bsav(?:e|es|ed|ing)\b(?!s)"),
        ("spend", r"\bspend(?:s|ing)?\b|\bspent\b"),
        ("liability", r"\bliability\b"),
        ("deductible", r"\bdeductibles?\b"),
        ("property", r"\bpersonal\s+property\b|\bbelongings\b|\bpossessions\b"),
        ("per_depositor", r"\bper\s+depositor\b|\beach\s+depositor\b"),
        ("fdic", r"\bfdic\b"),
        ("bonus", r"\bbonus(?:es)?\b"),
        ("fee", r"\bfees?\b"),
        ("withdrawal", r"(?<!early\s)\bwithdrawals?\b"),
        ("redeem", r"\bredeem(?:s|ing|ed)?\b|\bredemptions?\b"),
        ("score", r"\bscores?\b"),
        ("age", r"\byears?\s+old\b|\bage[ds]?\b|\bolder\b"),
        ("term", r"\bterms?\b"),
    )
)

QUALIFIERS_BEFORE = tuple(
    (name, re.compile(rf"(?:{pattern})\W*$"))
    for name, pattern in (
        (
            "up_to",
            r"\bup\s+to|\bas\s+(?:much|high)\s+as|\bno\s+more\s+than|\bmaximum\s+of|\bat\s+most|\bnot\s+more\s+than",
        ),
        ("as_low_as", r"\bas\s+(?:low|little)\s+as"),
        ("from", r"\bfrom|\bstart(?:s|ing)?\s+(?:at|from)|\bbeginning\s+at"),
        (
            "about",
            r"\babout|\baround|\bapproximately|\broughly|\bnearly|\balmost|\bsome|\bclose\s+to|~|\bcirca|\bapprox",
        ),
        ("at_least", r"\bat\s+least|\bminimum\s+of|\bno\s+less\s+than|\bnot\s+less\s+than"),
        ("more_than", r"\bmore\s+than|\bover|\bgreater\s+than|\babove|\bexceed(?:s|ing)?"),
        ("less_than", r"\bless\s+than|\bunder|\bbelow|\bfewer\s+than"),
    )
)
QUALIFIERS_AFTER = tuple(
    (name, re.compile(rf"\W{{0,2}}(?:{pattern})"))
    for name, pattern in (
        ("at_least", r"(?:\+|\b(?:or|and)\s+(?:more|above|over|higher|up|greater))"),
        ("up_to", r"\b(?:or|and)\s+(?:less|under|below|lower|fewer)"),
        ("about", r"(?:-?ish\b|\bor\s+so\b|\bgive\s+or\s+take)"),
        ("minus", r"-(?!\w)"),
    )
)

NEGATORS = re.compile(
    r"\b(?:no|not|never|without|cannot|neither|nor|none|nothing|hardly|excluding|excludes|except)\b|n't\b"
)

NEGATIVE_FEE = re.compile(
    r"\b(?:no|zero|without(?:\s+(?:any|a|an))?|never\s+(?:any|a|an)|don't\s+charge|not\s+charge[sd]?)\s+"
    r"(?P<kind>(?:[a-z/-]+,?\s+){0,8}?)(?P<noun>fees?|charges?|penalt(?:y|ies)|(?:closing\s+)?costs?|surcharges?)\b"
    r"|\b(?:[a-z/-]+\s+){1,4}(?:fees?|charges?|surcharges?):\s*(?:none|zero|nil)\b(?!\s+(?:of|if|when|with|for)\b)"
)
NEGATIVE_AMOUNT = re.compile(
    r"\b(?:no|zero|without(?:\s+(?:any|a))?)\s+(?P<kind>(?:[a-z-]+\s+){0,4}?)"
    r"(?P<noun>minimums?(?:\s+(?:daily\s+)?(?:balance|deposit|opening\s+deposit))?|down\s+payments?|(?:opening\s+)?deposits?|"
    r"collateral|(?:foreign\s+)?interest|limits?|caps?|deductibles?|balance)\b"
)
FREE = re.compile(
    r"(?<!feel )(?<!toll-)(?<!toll )(?<!interest-)"
    r"\bfree\b(?:\s+of\s+(?:any\s+)?(?:fees?|charges?|costs?)\b|(?!\s+of\b))|\bfee-free\b|\bno\s+(?:cost|charge)\b"
    r"|\bat\s+no\s+(?:extra\s+)?(?:cost|charge)\b|\bcomplimentary\b|\bcost-free\b"
)
WAIVED = re.compile(r"\bwaive(?:s|d|r)?\b|\bwaiving\b")
FEE_APPLIES = re.compile(
    r"\b(?:fees?|charges?|penalt(?:y|ies)|surcharges?)\s+(?:(?:will|may|can|still|always|also)\s+)*"
    r"(?:apply|applies|(?:is|are|be)\s+(?:charged|due|payable|owed|added))\b"
)
"""That a fee is charged, said without its amount: the opposite of 'waived'."""

# (type, word, pattern): claims that carry no number of their own.
WORD_CLAIMS = tuple(
    (claim_type, word, re.compile(pattern))
    for claim_type, word, pattern in (
        ("coverage", "member_fdic", r"\bmember\s+fdic\b|\bfdic\s+member\b"),
        (
            "coverage",
            "fdic_insured",
            r"\bfdic[\s-]+(?:insured|insurance|backed|protected|coverage)\b|\b(?:insured|backed|protected)\s+by\s+(?:the\s+)?fdic\b",
        ),
        (
            "coverage",
            "federally_insured",
            r"\b(?:insured|backed|guaranteed)\s+by\s+(?:any|the)\s+(?:federal|government|u\.?s\.?)\b[a-z\s]*|\bfederally\s+insured\b",
        ),
        (
            "coverage",
            "fully_insured",
            r"\b(?:fully|100\s?%|completely|unlimited(?:ly)?)\s+(?:insured|protected|covered)\b|\bunlimited\s+(?:insurance|coverage)\b",
        ),
        ("coverage", "insured", r"(?<!fdic )(?<!fdic-)(?<!fully )\binsured\b(?!\s+by\b)"),
        (
            "coverage",
            "never_lose",
            r"\b(?:never|can't|cannot|can\s+not)\s+(?:be\s+)?los[et]\b|\bno\s+risk\b|\brisk-?free\b|\bsafe\s+as\b",
        ),
        ("coverage", "covers", r"\bcover(?:s|ed|ing)\b"),
        (
            "coverage",
            "may_lose_value",
            r"\bmay\s+(?:lose|go\s+down\s+in)\s+(?:value|principal)\b|\bloss\s+of\s+principal\b",
        ),
        ("coverage", "bank_guarantee", r"\bguaranteed\s+by\s+(?:the\s+|any\s+)?bank\b|\bbank\s+guarantee"),
        ("approval", "guaranteed", r"(?<!bank )\bguarantee[sd]?\b(?!\s+by\b)"),
        (
            "approval",
            "preapproved",
            r"\bpre-?\s?approv(?:ed|al)\b|\bpre-?\s?qualif(?:ied|y)\b|\bpre-?\s?selected\b|\bpre-?screened\b",
        ),
        (
            "approval",
            "approved",
            r"\b(?:you're|you\s+are|you've\s+been|already|you\s+have\s+been|is|get|be)\s+approved\b|\binstant(?:ly)?\s+approv(?:al|ed)\b|\bsure\s+to\s+(?:be\s+approved|qualify)\b",
        ),
        (
            "approval",
            "subject_to_approval",
            r"\bsubject\s+to\s+(?:credit\s+|our\s+)?(?:approval|underwriting|eligibility)\b|\bcredit\s+approval\s+(?:is\s+)?required\b|\bnot\s+all\s+applicants\b",
        ),
        (
            "approval",
            "no_credit_check",
            r"\bno\s+(?:hard\s+)?credit\s+(?:check|pull|inquiry)\b|\bwithout\s+a\s+credit\s+check\b",
        ),
        (
            "approval",
            "everyone_qualifies",
            r"\b(?:everyone|everybody|anyone)\s+(?:qualifies|is\s+(?:approved|accepted)|can\s+get)\b|\b(?:can't|cannot|won't)\s+be\s+(?:turned\s+down|denied|declined|refused)\b",
        ),
        (
            "comparison",
            "best",
            r"(?<!at )\bbest\b(?!\s+(?:regards|wishes))|\btop[\s-]rated\b|\bunbeatable\b|\bunmatched\b"
            r"|\bsecond\s+to\s+none\b|\baward[\s-]winning\b",
        ),
        ("comparison", "lowest", r"\blowest\b|\bcheapest\b"),
        ("comparison", "highest", r"\bhighest\b|\bbiggest\b|\blargest\b"),
        ("comparison", "number_one", r"#\s?1\b|\bnumber\s+(?:one|1)\b|\bnation's\s+leading\b|\bmarket[\s-]leading\b"),
        ("comparison", "beats", r"\bbeats?\b|\boutperform(?:s|ed)?\b"),
        (
            "comparison",
            "better_than",
            r"\bbetter(?:\s+than)?\b|\bhigher\s+than\b|\blower\s+than\b|\bcheaper(?:\s+than)?\b|\bmore\s+than\s+(?:other|most|any|your|the|our)\b|\babove\s+(?:our|the|average)\b|\bhigher\b(?=\s+(?:rate|apy|yield))",
        ),
        ("comparison", "double", r"\bdoubl(?:e|es|ed|ing)\b|\btwice\b|\btriple\b"),
        ("urgency", "today_only", r"\btoday\s+only\b|\bonly\s+today\b|\bjust\s+today\b"),
        (
            "urgency",
            "last_chance",
            r"\blast[\s-]+(?:chance|day|call)\b|\bfinal\s+(?:notice|days?|hours?|chance)\b|\bnow\s+or\s+never\b",
        ),
        (
            "urgency",
            "expires",
            r"\bexpir(?:es|ing|e)\b|\b(?:offer|rate|bonus|promotion|this)\s+ends\b|\bends\s+(?:soon|tonight|today|tomorrow)\b",
        ),
        (
            "urgency",
            "act_now",
            r"\bact\s+(?:now|fast|quickly|today)\b|\bhurry\b|\bdon't\s+(?:miss|wait|delay)\b|\burgent\b|\bimmediately\b|\bright\s+away\b",
        ),
        (
            "urgency",
            "scarcity",
            r"\bonly\s+\d+\s+(?:left|remaining|spots?)\b|\bwhile\s+(?:supplies|stocks?)\s+last\b|\blimited[\s-]+(?:time|offer|availability|spots?)\b|\bselling\s+fast\b|\bgoing\s+fast\b",
        ),
        (
            "urgency",
            "relative_date",
            r"\btonight\b|\btomorrow\b|\bends?\s+soon\b|\bthis\s+(?:week|weekend|month)\s+only\b"
            r"|\b(?:ends?|expires?|closes?)\s+(?:at\s+(?:midnight|noon)|in\s+\d+\s+(?:hours?|days?|weeks?)|(?:on\s+|next\s+)?"
            r"(?:mon|tues|wednes|thurs|fri|satur|sun)day)\b|\b\d+\s+(?:minutes?|hours?|days?|weeks?)\s+(?:left|remaining|to\s+go)\b",
        ),
        (
            "performance",
            "will_grow",
            r"\bwill\s+(?:grow|rise|increase|go\s+up|double|earn)\b|\balways\s+(?:grows|rises|goes\s+up)\b",
        ),
        (
            "performance",
            "projected",
            r"\bproject(?:ed|ion|ions|s)\b|\bexpected\s+(?:to\s+earn|returns?)\b|\btarget(?:ed)?\s+returns?\b|\bforecast",
        ),
        (
            "performance",
            "past",
            r"\bpast\s+performance\b|\b(?:earned|returned|gained)\s+.{0,20}(?:last|past)\s+(?:year|quarter|month)"
            r"|\b(?:earned|returned|gained|yielded|paid)\s+(?:[a-z]+\s+){0,2}\d[\d.,]*\s?(?:%|percent)",
        ),
    )
)

# What makes a phrase a condition. Value: (canonical marker, whether it binds every claim of its clause).
CONDITION_MARKERS = (
    ("unless", True, r"unless|except\s+(?:if|when|where)"),
    (
        "if",
        True,
        r"(?:only\s+)?if|(?:only\s+)?when(?:ever)?|once|provided(?:\s+that)?|as\s+long\s+as|so\s+long\s+as|where|while|subject\s+to|"
        r"depending\s+on|based\s+on|by\s+(?=(?:setting|enrol|keeping|paying|maintaining|linking|using))|"
        r"with(?=\s+(?:\$|at\s+least|an?\s+(?:minimum|balance|daily|average|linked|open|active|eligible|qualifying|monthly\s+direct)|"
        r"direct|auto-?pay|automatic|balances?|qualifying|eligible|approved|paperless|e-?statements|your\s+(?:direct|first|debit)|"
        r"enrol|recurring|combined|\d))",
    ),
    ("after", True, r"after"),
    ("until", True, r"until|through|till"),
    ("within", True, r"within|during|in\s+the\s+first"),
    ("for", False, r"for(?!\s+(?:example|instance|each\b|every\b))"),
    ("on", False, r"on(?!\s+(?:each|every)\b)|toward|of\s+(?=balances)|to\s+(?=new\b)"),
)

# Words that say how long or how often a claim holds. 'No fee for a while' is not 'no fee': each is a condition of every
# claim of its clause. 'Now' and 'today' by themselves are calls to act and limit nothing.
TIME_LIMIT = re.compile(
    r"\b(?:for\s+(?:(?:now|today|starters)|(?:an?|the|some|quite\s+a)\s+(?:(?:little|short|long|good|limited|brief|certain"
    r"|present|very)\s+)*(?:while|time(?:\s+being)?|moment|bit|spell|start|period|present|beginning))"
    r"|at\s+(?:first|present|(?:the|this)\s+(?:moment|time|start|beginning|outset|point))|(?:right|just)\s+now"
    r"|as\s+of\s+(?:now|today|yet)|in\s+the\s+(?:beginning|meantime|short\s+(?:run|term))|these\s+days"
    r"|to\s+(?:start|begin)\s+with(?!\s*\$?\d)|so\s+far|until\s+further\s+notice|(?:not|as)\s+yet|while\s+it\s+lasts"
    r"|currently|presently|temporarily|initially|momentarily|meanwhile|still|nowadays|soon|later\s+on|eventually"
    r"|sometimes|often|usually|normally|generally|typically|mostly|mainly|occasionally|rarely|seldom|largely|ordinarily"
    r"|as\s+a\s+rule|in\s+general|from\s+time\s+to\s+time|(?:every\s+)?once\s+in\s+a\s+while|now\s+and\s+then"
    r"|(?:most|some)\s+of\s+the\s+time|(?:in|on|for)\s+(?:most|some|many|certain)\s+(?:cases|days|months|customers|accounts)"
    r"|always|forever|permanent(?:ly)?|for\s+(?:ever|life|good|all\s+time)|ever|at\s+all\s+times|at\s+any\s+time|every\s+time"
    r"|all\s+(?:the\s+time|year)|lifelong|lifetime)\b"
)
