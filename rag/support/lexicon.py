"""Words whose meaning the support model must know: function words, negators, quantifiers, modal words.

Belongs here: sets of words, each as one readable block; pairs and groups are in `rag.support.relations`. Their use
belongs to `rag.support.reading` (marks on tokens) and `rag.support.features`.
"""


def _words(block: str) -> frozenset[str]:
    return frozenset(block.split())


STOPWORDS = _words("""
    a an the this that these those there here it its he she they him her them his hers their theirs we us our ours you
    your yours i me my mine who whom whose which what when where why how is am are was were be been being do does did
    done doing have has had having will would shall should of to in on at by for with from into onto as and or but so
    than then too very also just about if because while during before after since until up down out over under again
    further once both each other such own same s t d ll m re ve o not no nor n't can could may might must one ones
    according said says say however although though yet whether any some per via upon among between within
    percent himself herself itself themselves themself ourselves yourself own get gets got getting
""")

NEGATORS = _words("""
    not no never none nobody nothing neither nor without cannot n't nowhere hardly barely scarcely seldom rarely
    unable fail fails failed failing lack lacks lacked lacking refuse refuses refused deny denies denied
    except false isnt arent wasnt werent dont doesnt didnt wont wouldnt cant couldnt shouldnt hasnt havent hadnt
""")
"""Words that turn what follows them in the same clause."""

UNIVERSAL = _words(
    "all every everyone everybody everything always entire entirely whole completely fully any anyone both"
)
ONLY = _words("only solely exclusively alone just purely nothing-but")
MAJORITY = _words("most majority mostly mainly largely chiefly predominantly usually generally typically")
MINORITY = _words("some few several many sometimes occasionally partly partially certain various often")
WEAK_MODAL = _words("""
    may might could can possible possibly perhaps maybe likely unlikely probably expected expect expects plan plans
    planned planning hope hopes hoped intend intends intended consider considering considered suggest suggests proposed
    propose proposal should would if potential potentially appear appears seem seems estimate estimated reportedly
    allegedly alleged suspected suspect believed thought unclear uncertain could aim aims seek seeks
""")
STRONG_MODAL = _words(
    "must required require requires shall need needs obliged mandatory obligatory compulsory guarantee "
    "guaranteed guarantees certain certainly definitely undoubtedly proven proved proves"
)
SUPERLATIVE = _words("""
    first last best worst largest biggest smallest highest lowest oldest youngest newest fastest slowest longest
    shortest greatest strongest weakest richest poorest cheapest leading top main only unique unprecedented ever
    record favorite favourite
""")
CAUSAL = _words(
    "because due cause causes caused causing led lead leads result results resulted owing thanks therefore "
    "consequently reason blamed attributed prompted triggered forced"
)
FUTURE = _words("will shall going tomorrow upcoming planned next")
APPROXIMATE = _words(
    "about around roughly approximately nearly almost some over more under less least up close estimated circa"
)
