"""What words of financial news are worth, from -1 (very bad for the asset) to +1 (very good).

General sentiment lexicons know "good" and "terrible" but not "plunges", "beats" or "recalls"; this one
knows only the latter kind. Verbs are listed once and inflected here. Written for this project; the
figures it reaches on labelled headlines are in the tests.
"""

_VOWELS = frozenset("aeiou")


def _doubles(verb: str) -> bool:
    """Say whether the last consonant doubles (slip, slipped): one syllable ending in one vowel + one consonant."""
    ends = len(verb) > 2 and verb[-1] not in "aeiouwxy" and verb[-2] in _VOWELS and verb[-3] not in _VOWELS
    return ends and sum(letter in _VOWELS for letter in verb) == 1


def forms(verb: str) -> tuple[str, ...]:
    """Return a regular verb's forms: plunge, plunges, plunged, plunging."""
    if verb.endswith("e"):
        return verb, verb + "s", verb + "d", verb[:-1] + "ing"
    if verb.endswith("y") and verb[-2] not in _VOWELS:
        return verb, verb[:-1] + "ies", verb[:-1] + "ied", verb + "ing"
    stem = verb + verb[-1] if _doubles(verb) else verb
    third = verb + "es" if verb.endswith(("s", "sh", "ch", "x", "z")) else verb + "s"
    return verb, third, stem + "ed", stem + "ing"


_VERBS: tuple[tuple[float, str], ...] = (
    (1.0, "soar surge skyrocket rocket boom"),
    (0.8, "rally jump spike climb rebound recover leap smash outperform"),
    (0.6, "gain advance approve upgrade expand strengthen accelerate lift boost top reclaim pop accumulate"),
    (0.6, "thrive flourish revive cheer eclipse outpace surpass endorse embrace triple double greenlight"),
    (0.4, "improve raise support adopt partner welcome edge inch attract resume increase allow exceed reward"),
    (0.2, "unveil launch acquire settle list donate stabilize"),
    (0.1, "add"),
    (-1.0, "crash plunge collapse plummet tank crater implode tumble nosedive defraud depeg"),
    (-0.8, "slump sink slide dive hack exploit steal sue fine default liquidate dump hammer downgrade ban freeze"),
    (-0.8, "underperform delist batter swoon"),
    (-0.6, "drop decline dip slip skid shed lag suffer warn slash halt suspend recall reject disappoint fizzle"),
    (-0.6, "struggle weaken deepen worsen flee bleed capitulate retreat erase stumble falter outlaw charge probe"),
    (-0.6, "subpoena raid seize launder derail slam rattle spook stall plague flop underwhelm plumb"),
    (-0.4, "delay trim ease cool cut fear worry pressure threaten accuse allege investigate criticize wane loom"),
    (-0.4, "block restrict pause postpone weigh scrap abandon complain fail breach drain clamp decrease mount"),
    (-0.4, "curb doubt stagnate lower mislead"),
    (-0.2, "narrow shrink fade"),
)

_WORDS: tuple[tuple[float, str], ...] = (
    (1.0, "bullish moon parabolic bull"),
    (0.8, "record upbeat breakout blowout outperformance rose risen bulls"),
    (0.6, "high highs rise rises rising grew grow grows growing growth upside profit profits profitable"),
    (0.6, "beat beats beating optimism optimistic stronger strong strongest win wins won victory winner winners"),
    (0.6, "approval approvals cleared recovery uptrend higher highest upward rescue oversubscribed adoption"),
    (0.6, "inflow inflows robust turnaround windfall uptick comeback"),
    (0.4, "buyback partnership partnerships success successful milestone breakthrough positive overweight"),
    (0.4, "hope hopes hopeful safe legalize legalizes legalise bounce bounces bounced shine shines best perfect"),
    (0.4, "dividend upswing tailwind tailwinds peak resilient resilience solid healthy undervalued revival"),
    (0.4, "confident confidence secured opportunity opportunities accumulation oversold"),
    (0.3, "buy buys buying bought momentum award awards reach reaches reached secure secures mainstream"),
    (-1.0, "bankruptcy bankruptcies bankrupt insolvency insolvent fraud fraudulent bearish hackers hacker ponzi"),
    (-1.0, "wiped rug bears stagflation"),
    (-0.8, "selloff crisis scam scams theft thefts stole stolen lawsuit lawsuits crackdown sank sunk losses"),
    (-0.8, "layoffs layoff recession bear illegal criminal indicted indictment guilty hawkish bust downturn"),
    (-0.8, "contagion meltdown scandal laundering prison"),
    (-0.6, "fall falls falling fell fallen loss lose loses losing lost miss misses missed missing low lows lowest"),
    (-0.6, "weak weaker weakest weakness worst worse negative outflow outflows downtrend debt deficit penalty"),
    (-0.6, "outage vulnerability vulnerable phishing attack attacks attacked violation violations liquidation"),
    (-0.6, "liquidations defunct arrested arrest jailed shutdown turmoil panic rout woes gloom bleak jitters"),
    (-0.6, "fled fleeing capitulation enforcement chaos shortage glut downward subpoenas doom unemployment"),
    (-0.4, "concern concerns risk risks risky warning warnings volatile uncertainty bubble trouble underweight"),
    (-0.4, "headwind headwinds tension tensions war threat threats slowdown overvalued lackluster tepid"),
    (-0.4, "inflation tariffs tariff sanction sanctions resign resigns resigned quits unable unlikely painful"),
    (-0.4, "allegedly allegations problem problems beware sluggish dismal gloomy pessimism pessimistic evasion"),
    (-0.3, "sell sells selling sold sellers short shorts nothing bug bugs cautious subdued"),
)

PHRASES: dict[str, float] = {
    "all time high": 1.0,
    "all time highs": 1.0,
    "record high": 1.0,
    "record highs": 1.0,
    "new high": 0.9,
    "new highs": 0.9,
    "all time low": -1.0,
    "record low": -1.0,
    "record lows": -1.0,
    "new low": -0.9,
    "new lows": -0.9,
    "raises guidance": 0.8,
    "lifts outlook": 0.8,
    "raises outlook": 0.8,
    "cuts guidance": -0.8,
    "cuts outlook": -0.8,
    "profit warning": -1.0,
    "rate cut": 0.6,
    "rate cuts": 0.6,
    "rate hike": -0.6,
    "rate hikes": -0.6,
    "stock split": 0.4,
    "share buyback": 0.7,
    "price target raised": 0.8,
    "price target cut": -0.8,
    "sell off": -0.8,
    "sells off": -0.8,
    "rug pull": -1.0,
    "death cross": -0.8,
    "golden cross": 0.8,
    "short squeeze": 0.4,
    "bear market": -0.8,
    "bull market": 0.8,
    "bull run": 0.9,
    "crypto winter": -0.7,
    "soft landing": 0.5,
    "hard landing": -0.6,
    "bank run": -0.9,
    "files for bankruptcy": -1.0,
    "shuts down": -0.7,
    "shut down": -0.7,
    "cracks down": -0.7,
    "wipes out": -0.8,
    "wiped out": -0.9,
    "wipes out gains": -0.9,
    "breaks above": 0.7,
    "breaks below": -0.7,
    "breaks down": -0.6,
    "breaks out": 0.7,
    "breaks through": 0.7,
    "loses peg": -1.0,
    "lifts ban": 0.8,
    "ends ban": 0.8,
    "drops lawsuit": 0.8,
    "dismisses lawsuit": 0.8,
    "strong buy": 0.7,
    "to buy": 0.2,
    "to sell": -0.3,
    "trend lower": -0.7,
    "trends lower": -0.7,
    "trend higher": 0.7,
    "move higher": 0.7,
    "pares losses": 0.6,
    "trims losses": 0.5,
    "trim losses": 0.5,
    "trims gains": -0.4,
    "death spiral": -1.0,
    "cuts jobs": -0.6,
    "bug bounty": 0.1,
    "shark tank": 0.0,
    "think tank": 0.0,
    "fear and greed": 0.0,
    "short interest": 0.0,
    "recovers stolen": 0.6,
    "recover stolen": 0.6,
    "warming to": 0.4,
    "to zero": -0.8,
    "wont survive": -0.8,
    "takes a hit": -0.6,
    "hit by": -0.5,
    "hit hard": -0.7,
    "falls short": -0.7,
    "fall short": -0.7,
    "margin call": -0.8,
    "job cuts": -0.7,
    "swings to profit": 0.8,
    "swings to loss": -0.8,
    "in the red": -0.5,
    "in the green": 0.5,
    "green light": 0.5,
    "go ahead": 0.4,
    "top pick": 0.7,
    "legal tender": 0.5,
    "money laundering": -0.8,
    "class action": -0.7,
    "data breach": -0.8,
    "security breach": -0.8,
}
"""Worth of expressions whose words mislead one by one; the longest match wins over its words."""

NEGATIONS = frozenset(
    "not no never without neither nor cannot cant dont doesnt didnt isnt arent wasnt wont wouldnt couldnt "
    "hardly barely".split()  # noqa: SIM905 - a list of 20 quoted words reads worse
)
"""Words that turn what follows: "not likely to recover"."""

REVERSALS = frozenset(
    verb_form
    for verb in ("avoid", "avert", "escape", "dismiss", "deny", "overturn", "prevent", "limit", "dodge", "survive")
    for verb_form in forms(verb)
)
"""Verbs that turn what follows without being good or bad themselves: "averts default"."""

INTENSIFIERS: dict[str, float] = {
    "massive": 1.3,
    "massively": 1.3,
    "huge": 1.3,
    "sharply": 1.3,
    "steep": 1.3,
    "steeply": 1.3,
    "heavily": 1.3,
    "biggest": 1.3,
    "largest": 1.2,
    "significantly": 1.2,
    "dramatically": 1.3,
    "slightly": 0.6,
    "modestly": 0.6,
    "somewhat": 0.6,
    "partially": 0.6,
    "could": 0.7,
    "may": 0.7,
    "might": 0.7,
}
"""Words that strengthen or soften what follows."""

BEFORE_NUMBER: dict[str, float] = {"up": 0.7, "down": -0.7, "breaks": 0.5, "cracks": 0.5, "crosses": 0.4}
"""Words worth something only before a number: "up 15%", but not "sign up"."""

BACKGROUND: dict[str, float] = {"despite": 0.3, "after": 0.4, "from": 0.4}
"""What words count for in a clause that begins with one of these."""

BAD_THINGS = frozenset(
    "inflation unemployment jobless claims losses loss debt deficit fears worries costs outflows "
    "tensions volatility defaults deaths infections yields uncertainty bankruptcies layoffs scams "
    "fraud hacks attacks thefts".split()  # noqa: SIM905 - as above
)
"""Things whose rise is bad and whose fall is good news."""

MOVES = frozenset(
    move_form
    for verb in (
        "surge soar jump spike climb gain advance accelerate increase expand strengthen top inch boost "
        "drop decline dip slip slide slump plunge tumble trim ease cool cut narrow shrink fade decrease sink lower"
    ).split()
    for move_form in forms(verb)
) | frozenset(
    "rise rises rising rose risen grow grows growing grew fall falls falling fell fallen high highs low lows "
    "higher lower highest lowest".split()  # noqa: SIM905 - as above
)
"""Words for going up or down, whose worth depends on what it is that moves."""


def _spread(groups: tuple[tuple[float, str], ...], *, inflect: bool) -> dict[str, float]:
    return {
        form: weight
        for weight, words in groups
        for word in words.split()
        for form in (forms(word) if inflect else (word,))
    }


WORDS: dict[str, float] = _spread(_VERBS, inflect=True) | _spread(_WORDS, inflect=False)
"""Worth of single words, all forms."""
