"""The lexicon of financial news: words from -1 (very bad for the asset) to +1 (very good).

General sentiment lexicons know "good" and "terrible" but not "plunges", "beats" or "recalls"; this one
knows only the latter kind. Verbs are listed once and inflected here. Written for this project; the
figures it reaches on labelled headlines are in `tests/reasoning/test_polarity.py`.
"""

_VOWELS = frozenset("aeiou")

_VERBS: tuple[tuple[float, str], ...] = (
    (1.0, "soar surge skyrocket rocket boom"),
    (0.8, "rally jump spike climb rebound recover leap smash outperform"),
    (0.6, "gain advance approve upgrade expand strengthen accelerate lift boost top reclaim pop accumulate"),
    (0.6, "thrive flourish revive cheer eclipse outpace surpass endorse embrace triple double greenlight"),
    (
        0.4,
        "improve raise support adopt partner welcome edge inch attract resume increase allow exceed reward",
    ),
    (0.2, "unveil launch acquire settle list donate stabilize"),
    (0.1, "add"),
    (-1.0, "crash plunge collapse plummet tank crater implode tumble nosedive defraud depeg"),
    (-0.8, "slump sink slide dive hack exploit steal sue fine default liquidate dump hammer downgrade"),
    (-0.8, "ban freeze underperform delist batter swoon"),
    (-0.6, "drop decline dip slip skid shed lag suffer warn slash halt suspend recall reject disappoint"),
    (-0.6, "fizzle struggle weaken deepen worsen flee bleed capitulate retreat erase stumble falter outlaw"),
    (-0.6, "charge probe subpoena raid seize launder derail slam rattle spook stall plague flop underwhelm"),
    (-0.6, "plumb"),
    (-0.4, "delay trim ease cool cut fear worry pressure threaten accuse allege investigate criticize wane"),
    (
        -0.4,
        "loom block restrict pause postpone weigh scrap abandon complain fail breach drain clamp decrease",
    ),
    (-0.4, "mount curb doubt stagnate lower mislead"),
    (-0.2, "narrow shrink fade"),
)

_WORDS: tuple[tuple[float, str], ...] = (
    (1.0, "bullish moon parabolic bull"),
    (0.8, "record upbeat breakout blowout outperformance rose risen bulls"),
    (0.6, "high highs rise rises rising grew grow grows growing growth upside profit profits profitable"),
    (0.6, "beat beats beating optimism optimistic stronger strong strongest win wins won victory winner"),
    (0.6, "winners approval approvals cleared recovery uptrend higher highest upward rescue oversubscribed"),
    (0.6, "adoption inflow inflows robust turnaround windfall uptick comeback"),
    (0.4, "buyback partnership partnerships success successful milestone breakthrough positive overweight"),
    (0.4, "hope hopes hopeful safe legalize legalizes legalise bounce bounces bounced shine shines best"),
    (0.4, "perfect dividend upswing tailwind tailwinds peak resilient resilience solid healthy undervalued"),
    (0.4, "revival confident confidence secured opportunity opportunities accumulation oversold"),
    (0.3, "buy buys buying bought momentum award awards reach reaches reached secure secures mainstream"),
    (-1.0, "bankruptcy bankruptcies bankrupt insolvency insolvent fraud fraudulent bearish hackers hacker"),
    (-1.0, "ponzi wiped rug bears stagflation"),
    (-0.8, "selloff crisis scam scams theft thefts stole stolen lawsuit lawsuits crackdown sank sunk losses"),
    (-0.8, "layoffs layoff recession bear illegal criminal indicted indictment guilty hawkish bust downturn"),
    (-0.8, "contagion meltdown scandal laundering prison"),
    (-0.6, "fall falls falling fell fallen loss lose loses losing lost miss misses missed missing low lows"),
    (
        -0.6,
        "lowest weak weaker weakest weakness worst worse negative outflow outflows downtrend debt deficit",
    ),
    (-0.6, "penalty outage vulnerability vulnerable phishing attack attacks attacked violation violations"),
    (-0.6, "liquidation liquidations defunct arrested arrest jailed shutdown turmoil panic rout woes gloom"),
    (-0.6, "bleak jitters fled fleeing capitulation enforcement chaos shortage glut downward subpoenas doom"),
    (-0.6, "unemployment"),
    (-0.4, "concern concerns risk risks risky warning warnings volatile uncertainty bubble trouble"),
    (-0.4, "underweight headwind headwinds tension tensions war threat threats slowdown overvalued"),
    (-0.4, "lackluster tepid inflation tariffs tariff sanction sanctions resign resigns resigned quits"),
    (-0.4, "unable unlikely painful allegedly allegations problem problems beware sluggish dismal gloomy"),
    (-0.4, "pessimism pessimistic evasion"),
    (-0.3, "fewer sell sells selling sold sellers short shorts nothing bug bugs cautious subdued"),
)

_PHRASES: tuple[tuple[float, str], ...] = (
    (1.0, "all time high/all time highs/record high/record highs"),
    (0.9, "new high/new highs/bull run"),
    (0.8, "raises guidance/lifts outlook/raises outlook/price target raised/golden cross/bull market"),
    (0.8, "lifts ban/ends ban/drops lawsuit/dismisses lawsuit/swings to profit"),
    (
        0.7,
        "share buyback/breaks above/breaks out/breaks through/strong buy/trend higher/move higher/top pick",
    ),
    (0.6, "rate cut/rate cuts/pares losses/recovers stolen/recover stolen"),
    (0.5, "soft landing/trims losses/trim losses/in the green/green light/legal tender"),
    (0.4, "stock split/short squeeze/warming to/go ahead"),
    (0.2, "to buy"),
    (0.1, "bug bounty"),
    (0.0, "fear and greed/short interest/shark tank/think tank"),
    (-0.3, "to sell"),
    (-0.4, "trims gains"),
    (-0.5, "hit by/in the red"),
    (-0.6, "rate hike/rate hikes/hard landing/breaks down/cuts jobs/takes a hit"),
    (-0.7, "crypto winter/shuts down/shut down/cracks down/breaks below/trend lower/trends lower/hit hard"),
    (-0.7, "falls short/fall short/job cuts/class action"),
    (-0.8, "cuts guidance/cuts outlook/price target cut/sell off/sells off/death cross/bear market"),
    (-0.8, "wipes out/to zero/wont survive/margin call/swings to loss/money laundering/data breach"),
    (-0.8, "security breach"),
    (-0.9, "new low/new lows/bank run/wiped out/wipes out gains"),
    (-1.0, "all time low/record low/record lows/profit warning/rug pull/files for bankruptcy/loses peg"),
    (-1.0, "death spiral"),
)


def forms(verb: str) -> tuple[str, ...]:
    """Return a regular verb's forms: plunge, plunges, plunged, plunging."""
    if verb.endswith("e"):
        return verb, verb + "s", verb + "d", verb[:-1] + "ing"
    if verb.endswith("y") and verb[-2] not in _VOWELS:
        return verb, verb[:-1] + "ies", verb[:-1] + "ied", verb + "ing"
    stem = verb + verb[-1] if _doubles(verb) else verb
    third = verb + "es" if verb.endswith(("s", "sh", "ch", "x", "z")) else verb + "s"
    return verb, third, stem + "ed", stem + "ing"


def _doubles(verb: str) -> bool:
    """Say whether the last consonant doubles (slip, slipped): one vowel, then one consonant, at the end."""
    ends = len(verb) > 2 and verb[-1] not in "aeiouwxy" and verb[-2] in _VOWELS and verb[-3] not in _VOWELS
    return ends and sum(letter in _VOWELS for letter in verb) == 1


def _all_forms(verbs: str) -> frozenset[str]:
    return frozenset(form for verb in verbs.split() for form in forms(verb))


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


WORDS: dict[str, float] = {
    form: worth for worth, verbs in _VERBS for verb in verbs.split() for form in forms(verb)
} | {word: worth for worth, words in _WORDS for word in words.split()}
"""Worth of single words, all forms."""

PHRASES: dict[tuple[str, ...], float] = {
    tuple(phrase.split()): worth for worth, phrases in _PHRASES for phrase in phrases.split("/")
}
"""Worth of expressions whose words mislead one by one; the longest match wins over its words."""

NEGATIONS = _set(
    "not no never without neither nor cannot cant dont doesnt didnt isnt arent wasnt wont wouldnt couldnt "
    "hardly barely"
) | _all_forms("avoid avert escape dismiss deny overturn prevent limit dodge survive")
"""Words that turn what follows: "not likely to recover", "averts default"."""

TRYING = _all_forms("fail struggle refuse") | {"unable", "unlikely"}
"""Words that turn what follows when "to" comes next: "fails to hold"."""

INTENSIFIERS: dict[str, float] = {
    **dict.fromkeys(_set("massive massively huge sharply steep steeply heavily biggest dramatically"), 1.3),
    **dict.fromkeys(("largest", "significantly"), 1.2),
    **dict.fromkeys(("could", "may", "might"), 0.7),
    **dict.fromkeys(("slightly", "modestly", "somewhat", "partially"), 0.6),
}
"""Words that strengthen or soften what follows."""

BEFORE_NUMBER: dict[str, float] = {"up": 0.7, "down": -0.7, "breaks": 0.5, "cracks": 0.5, "crosses": 0.4}
"""Words worth something only before a number: "up 15%", but not "sign up"."""

BACKGROUND: dict[str, float] = {"despite": 0.3, "after": 0.4, "from": 0.4}
"""What words count for in a clause that begins with one of these: "rebounds after slide"."""

BAD_THINGS = _set(
    "inflation unemployment jobless claims losses loss debt deficit fears worries costs outflows tensions "
    "volatility defaults deaths infections yields uncertainty bankruptcies layoffs scams fraud hacks attacks "
    "thefts tax taxes fees fee tariffs tariff crime crimes pain pains concern concerns risks doubts "
    "liquidations lawsuits penalties fines shortages delinquencies foreclosures withdrawals redemptions "
    "outage outages sanctions exploits breaches deficits losers headwinds problems complaints"
)
"""Things whose rise is bad and whose fall is good news."""

MOVES = _all_forms(
    "surge soar jump spike climb gain advance accelerate increase expand strengthen top inch boost drop "
    "decline dip slip slide slump plunge tumble trim ease cool cut narrow shrink fade decrease sink lower"
) | _set(
    "rise rises rising rose risen grow grows growing grew fall falls falling fell fallen high highs low lows "
    "higher lower highest lowest record fewer double doubles doubled triple"
)
"""Words for going up or down, whose worth depends on what it is that moves."""

MOVE_PHRASES = frozenset(
    (before, extreme) for before in ("record", "new") for extreme in ("high", "highs", "low", "lows")
) | {("all", "time", "high"), ("all", "time", "highs"), ("all", "time", "low"), ("all", "time", "lows")}
"""Expressions that go up or down as these words do: fees at a record high."""
