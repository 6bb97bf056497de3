"""Relations of words: opposites, irregular forms, sets of which one member excludes the others.

Belongs here: word lists and nothing else, each as one readable block; the long lists of synonyms are in `thesaurus/`.
"""

from pathlib import Path

THESAURUS_DIR = Path(__file__).parent / "thesaurus"


def _pairs(block: str) -> tuple[tuple[str, str], ...]:
    pairs = [tuple(part.split("/")) for part in block.split()]
    return tuple((left, right) for left, right in pairs)


def _groups(block: str) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(line.split()) for line in block.strip().splitlines() if line.strip())


def _read_groups(name: str) -> tuple[tuple[str, ...], ...]:
    lines = (THESAURUS_DIR / name).read_text(encoding="utf-8").splitlines()
    return tuple(tuple(line.split()) for line in lines if line.strip() and not line.startswith("#"))


SYNONYMS = _read_groups("synonyms.txt")
"""Words that may stand for each other."""
MATCHING = _read_groups("matching.txt")
"""Words that may mean the same, and short forms: good enough to find a word, not to put it."""

OPPOSITES = _pairs("""
    increase/decrease increase/reduce increase/fall increase/decline increase/drop increase/shrink rise/fall rise/drop
    rise/decline rise/sink rise/lower raise/lower raise/cut raise/reduce grow/shrink grow/fall grow/decline gain/lose
    gain/loss win/lose win/loss victory/defeat winner/loser up/down upward/downward upwards/downwards above/below
    over/under more/less more/fewer most/least high/low higher/lower highest/lowest large/small larger/smaller
    largest/smallest big/small big/little bigger/smaller biggest/smallest long/short longer/shorter longest/shortest
    fast/slow faster/slower quick/slow quickly/slowly early/late earlier/later early/later before/after begin/end
    start/end start/finish start/stop begin/stop open/close opened/closed opening/closing accept/reject accept/refuse
    accept/decline approve/reject pass/reject agree/refuse agree/disagree agree/oppose support/oppose support/reject
    favour/oppose favor/oppose back/oppose favour/against favor/against for/against allow/forbid allow/ban
    allow/prohibit permit/forbid permit/prohibit permit/ban legal/illegal lawful/unlawful include/exclude
    included/excluded included/extra with/without hire/fire hire/dismiss buy/sell purchase/sell bought/sold
    import/export lend/borrow give/take send/receive arrive/leave arrive/depart enter/leave enter/exit come/go
    join/leave remember/forget find/lose found/lost love/hate like/dislike praise/criticise praise/criticize
    welcome/criticise welcome/criticize welcome/condemn welcome/reject good/bad better/worse best/worst well/badly
    excellent/poor strong/weak stronger/weaker strongest/weakest hard/easy hard/soft difficult/easy simple/complicated
    safe/dangerous safe/unsafe success/failure succeed/fail successful/unsuccessful pass/fail true/false right/wrong
    correct/incorrect correct/wrong positive/negative guilty/innocent guilty/acquitted convict/acquit
    convicted/acquitted arrest/release dead/alive die/survive death/survival kill/save born/died healthy/sick
    healthy/ill sick/well rich/poor cheap/expensive cheaper/dearer expensive/affordable free/paid free/charged
    old/new old/young older/younger older/newer oldest/youngest oldest/newest ancient/modern hot/cold warm/cool
    warmer/cooler hotter/colder heat/cold wet/dry rain/sunshine light/dark bright/dark light/heavy lighter/heavier
    full/empty near/far close/far inside/outside indoor/outdoor indoors/outdoors internal/external north/south
    northern/southern east/west eastern/western left/right top/bottom upper/lower front/back first/last
    maximum/minimum majority/minority many/few much/little often/rarely often/seldom always/never frequently/rarely
    common/rare everyone/nobody all/none everything/nothing everywhere/nowhere public/private male/female
    men/women man/woman boy/girl boys/girls mother/father brother/sister brothers/sisters son/daughter
    husband/wife uncle/aunt king/queen actor/actress himself/herself he/she his/her teacher/student teacher/pupil
    employer/employee landlord/tenant buyer/seller borrower/lender plaintiff/defendant doctor/patient
    urban/rural city/countryside peace/war friend/enemy ally/enemy attack/defend attack/retreat advance/retreat
    deny/admit deny/confirm confirm/deny admit/deny reveal/conceal reveal/hide show/hide visible/invisible
    build/demolish build/destroy create/destroy construct/demolish repair/damage repair/break improve/worsen
    improve/deteriorate improvement/deterioration better/poorer strengthen/weaken expand/contract expand/shrink
    widen/narrow wide/narrow thick/thin deep/shallow tight/loose smooth/rough clean/dirty fresh/stale raw/cooked
    alone/together separate/together same/different similar/different equal/unequal single/multiple single/married
    marry/divorce married/divorced temporary/permanent optional/mandatory optional/required voluntary/compulsory
    voluntary/mandatory voluntarily/mandatorily fixed/variable profit/loss asset/liability income/expense
    revenue/cost surplus/deficit credit/debit deposit/withdrawal deposit/withdraw bullish/bearish optimistic/pessimistic
    happy/unhappy happy/sad satisfied/dissatisfied content/angry proud/ashamed confident/doubtful certain/uncertain
    certain/doubtful sure/unsure known/unknown clear/unclear possible/impossible able/unable likely/unlikely
    complete/incomplete finished/unfinished available/unavailable present/absent presence/absence attend/miss
    active/inactive active/passive busy/idle awake/asleep stay/leave remain/leave keep/drop keep/abandon keep/lose
    continue/stop continue/end continue/abandon resume/suspend resume/halt start/cancel confirm/cancel launch/cancel
    upgrade/downgrade accelerate/slow accelerate/delay hasten/delay advance/postpone shorten/lengthen shorten/extend
    extend/shorten add/remove add/drop insert/remove attach/detach lock/unlock connect/disconnect enable/disable
    appear/disappear vanish/appear ahead/behind lead/trail leading/trailing forward/backward forwards/backwards
    ascend/descend climb/fall climb/descend land/takeoff domestic/foreign national/international local/global
    natural/artificial organic/synthetic real/fake genuine/fake original/copy theory/practice cause/prevent
    encourage/discourage encourage/deter promote/hinder help/hinder help/harm benefit/harm beneficial/harmful
    harmless/harmful useful/useless effective/ineffective efficient/inefficient significant/insignificant
    acute/chronic mild/severe minor/major minor/serious slight/serious slightly/sharply slightly/dramatically
    half/double halve/double halved/doubled twice/half unanimous/divided unanimously/narrowly outside/inside
    summer/winter day/night morning/evening noon/midnight weekday/weekend yesterday/tomorrow past/future
    upstairs/downstairs ground/sky sender/recipient host/guest amateur/professional amateurs/professionals
    freshwater/saltwater freshwater/salty sweet/sour sweet/bitter sunny/cloudy calm/stormy thaw/freeze melt/freeze
    liquid/solid transparent/opaque alkaline/acid stable/unstable insured/uninsured secured/unsecured
    waived/charged waived/apply taxable/exempt exempt/subject refundable/nonrefundable included/separate
""")

IRREGULAR = dict(
    _pairs("""
    went/go gone/go goes/go came/come said/say says/say told/tell made/make took/take taken/take got/get gotten/get
    gave/give given/give found/find thought/think knew/know known/know saw/see seen/see left/leave felt/feel
    kept/keep began/begin begun/begin brought/bring bought/buy built/build sold/sell sent/send spent/spend won/win
    lost/lose paid/pay met/meet led/lead held/hold stood/stand understood/understand wrote/write written/write
    ran/run sat/sit spoke/speak spoken/speak broke/break broken/break chose/choose chosen/choose drove/drive
    driven/drive fell/fall fallen/fall flew/fly flown/fly forgot/forget forgotten/forget grew/grow grown/grow
    rose/rise risen/rise sang/sing sung/sing swam/swim taught/teach threw/throw thrown/throw wore/wear worn/wear
    woke/wake caught/catch drew/draw drawn/draw drank/drink drunk/drink ate/eat eaten/eat fought/fight froze/freeze
    frozen/freeze hid/hide hidden/hide hung/hang heard/hear laid/lay lay/lie lent/lend lit/light meant/mean
    rang/ring rode/ride ridden/ride shook/shake shaken/shake shot/shoot shut/shut slept/sleep slid/slide stole/steal
    stolen/steal struck/strike stuck/stick swept/sweep tore/tear torn/tear wound/wind became/become
    overtook/overtake withdrew/withdraw withdrawn/withdraw bore/bear borne/bear bred/breed fed/feed fled/flee
    sank/sink sunk/sink sprang/spring shrank/shrink shrunk/shrink showed/show shown/show proved/prove proven/prove
    dealt/deal died/die dying/die lying/lie tying/tie was/be were/be been/be is/be are/be am/be has/have had/have
    did/do does/do done/do men/man women/woman children/child people/person feet/foot teeth/tooth mice/mouse
    lives/life wives/wife leaves/leave knives/knife shelves/shelf halves/half wolves/wolf loaves/loaf thieves/thief
    crises/crisis analyses/analysis data/datum media/medium criteria/criterion better/good best/good worse/bad
    worst/bad centre/center theatre/theater colour/color favour/favor labour/labor harbour/harbor neighbour/neighbor
    organise/organize realise/realize recognise/recognize programme/program cheque/check tyre/tire defence/defense
    licence/license metre/meter litre/liter kilometre/kilometer grey/gray travelled/travel cancelled/cancel
    cancelling/cancel travelling/travel fulfil/fulfill enrol/enroll percent/percent pct/percent death/die deaths/die
    dead/die arrival/arrive departure/depart growth/grow loss/lose losses/lose sale/sell sales/sell choice/choose
    thought/think belief/believe proof/prove gift/give flight/fly birth/born decision/decide approval/approve
    refusal/refuse proposal/propose payment/pay failure/fail marriage/marry treatment/treat discovery/discover
    recovery/recover delivery/deliver injury/injure injuries/injure theft/steal election/elect elections/elect
    action/act production/produce reduction/reduce introduction/introduce destruction/destroy construction/construct
    description/describe investigation/investigate explanation/explain solution/solve application/apply
    applications/apply invention/invent resignation/resign nomination/nominate cancellation/cancel explosion/explode
    invasion/invade
""")
)
"""Forms that no suffix rule gets right, and nouns of common verbs."""

EXCLUSIVE = _groups("""
    monday tuesday wednesday thursday friday saturday sunday
    january february march april june july august september october november december
    spring summer autumn winter
    morning afternoon evening midnight noon
    red blue green yellow black white brown orange purple pink grey
    north south east west
    northern southern eastern western
    first second third fourth fifth sixth seventh eighth ninth tenth
    father mother brother sister son daughter uncle aunt nephew niece cousin grandmother grandfather husband wife widow
    teacher doctor nurse engineer lawyer architect journalist farmer baker carpenter plumber electrician surgeon
    physics chemistry biology mathematics history geography
    football basketball tennis cricket rugby hockey baseball
    gold silver bronze
    daily weekly monthly quarterly yearly
    seconds minutes hours days weeks months years decades centuries
    dog cat horse cow sheep pig goat
    apple pear orange banana cherry plum
    car bus train plane ferry tram bicycle
    email phone letter fax
    dollars euros pounds francs yen
    grams kilograms tonnes litres millilitres
    millimetres centimetres metres kilometres miles
    thousand million billion trillion
    breakfast lunch dinner
    democrats republicans conservatives liberals greens
    christian muslim jewish hindu buddhist
    english french german spanish italian chinese japanese russian portuguese dutch
    england france germany spain italy china japan russia portugal netherlands poland sweden norway canada mexico brazil
    london paris berlin madrid rome beijing tokyo moscow
    checking savings mortgage
    apr apy
    minimum maximum
    son daughter
    oil gas coal nuclear solar
    steel copper iron aluminium nickel iridium titanium
    copper gold
    heart liver kidney lung brain stomach
    breakfast supper
    jury judge
    fine imprisonment
""")
"""Sets of which a statement can usually hold for one member only."""

CALENDAR_WORDS = frozenset((*EXCLUSIVE[0], *EXCLUSIVE[1]))
"""Days of the week and months: capitals that name nobody."""
