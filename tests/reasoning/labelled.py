"""Headlines labelled by hand before the lexicon was written, and how they are split.

The sentences are made up in the manner of financial news; each is clearly good (+1) or clearly bad
(-1) for the asset it names. `CRYPTO_ROWS` labels real rows of the shared crypto headlines by their
position in the file (every 23rd row was read; those with a clear direction are here, 0 marks rows
with none). Odd positions were used to tune the lexicon, even positions were held out: tuning on the
held-out half would make its figure worthless. `FRESH_ROWS` (every 41st row, from the 18th) was read
and labelled only when the lexicon was finished and never used to change it.
"""

RISING = """
Bitcoin surges past $60,000 as ETF inflows hit record
Ethereum rallies 12% after upgrade goes live
Apple beats earnings estimates, raises guidance
Tesla shares soar on record deliveries
SEC approves first spot bitcoin ETFs
Nvidia jumps 9% as AI demand outstrips supply
Bullish rally continues
Goldman upgrades Microsoft to buy
Solana hits all-time high
S&P 500 closes at record high as inflation cools
Bank of America profit tops expectations
Crypto market rebounds after weekend slide
Judge dismisses lawsuit against Coinbase
Amazon announces $10 billion share buyback
XRP spikes 30% after court victory over SEC
Fed signals rate cuts ahead, stocks climb
Walmart boosts dividend for 50th straight year
MicroStrategy buys another 5,000 bitcoin
Oil prices gain as OPEC extends output cuts
Dogecoin skyrockets after Musk tweet
Jobless claims fall to lowest level since 1969
Intel wins major chip contract
Pfizer vaccine granted full approval
Ford swings to profit, lifts full-year outlook
Investors pile into bitcoin as adoption grows
Bitcoin breaks above key resistance
Litecoin outperforms as traders turn bullish
Analysts see more upside for Alphabet after strong quarter
Losses narrow at Uber as bookings surge
Bitcoin is no longer in a bear market, analysts say
China lifts ban on crypto mining
Netflix adds 9 million subscribers, smashing forecasts
Boeing stock climbs after 737 MAX cleared to fly
Recession fears ease as retail sales jump
Visa partners with Circle to expand stablecoin payments
Ether gains 5% as staking demand strengthens
Moody's raises Italy's credit outlook to positive
Meta shares leap 20% on blowout results
Company avoids bankruptcy with rescue deal
Whales accumulate bitcoin as exchange reserves hit five-year low
Hedge funds turn upbeat on emerging markets
Inflation falls more than expected
PayPal launches crypto trading in Europe
AMD stock pops on upbeat forecast
Cardano up 15% in a day
Binance recovers stolen funds
Treasury yields slide, lifting tech shares
Merger talks send Twitter stock higher
Grayscale wins court battle with SEC
Hopes rise for a soft landing
Startup raises $300 million at $4 billion valuation
Bitcoin hash rate reaches new peak
Buyers step in as bitcoin reclaims $40k
Toyota profit more than doubles
Exchange says customer funds are safe after failed attack
Gold shines as best-performing asset of the quarter
"""

FALLING = """
BTC plunges
Bitcoin crashes below $50k
Ethereum tumbles 15% in an hour
Apple misses revenue estimates, shares slump
FTX files for bankruptcy
Hackers steal $600 million from DeFi protocol
SEC sues Binance over securities violations
Tesla recalls 2 million vehicles
China bans cryptocurrency transactions
Goldman downgrades Intel to sell
Dow sinks 1,000 points amid recession fears
Bitcoin slides as Fed turns hawkish
Silicon Valley Bank collapses after run on deposits
Terra's stablecoin loses dollar peg, LUNA wiped out
Netflix loses 200,000 subscribers, stock craters
Crypto winter deepens as layoffs mount
Coinbase cuts 20% of staff
Boeing posts third straight quarterly loss
Inflation jumps to 40-year high
Oil falls on demand worries
Credit Suisse shares hit record low
Regulators reject bitcoin ETF application
Bitcoin fails to hold $30,000 support
Miners capitulate as hash price hits new low
Meta warns of weaker ad sales
Celsius freezes withdrawals
Investors flee emerging markets
Snap plummets 40% after profit warning
Fraud charges filed against crypto founder
Exchange outage leaves traders unable to sell
Moody's cuts outlook on US banks to negative
Evergrande defaults on dollar bonds
Massive liquidations hit crypto as bitcoin drops 10%
Selloff deepens on Wall Street
Whale dumps 10,000 bitcoin on exchanges
Retail sales disappoint in December
Rally fizzles as sellers return
Shares not likely to recover this year, analysts warn
Ripple loses bid to dismiss lawsuit
Jobless claims surge to 6 million
Altcoins bleed as bitcoin dominance grows
General Electric slashes dividend to a penny
Short seller accuses company of accounting fraud
DOJ opens criminal probe into Tether
Bitcoin wipes out gains for the year
Peloton halts production as demand wanes
Stablecoin issuer faces insolvency
Bear market far from over, strategist says
Bitcoin death cross looms
Weak guidance weighs on semiconductor stocks
Wells Fargo fined $3 billion over fake accounts
Ether down 8% after exploit
Rug pull leaves investors with nothing
Yields spike, hammering growth stocks
Merger collapses, shares dive
Bitcoin struggles below $20,000 as outflows persist
"""

CRYPTO_ROWS = {
    7: 1, 30: 1, 53: 0, 122: -1, 168: -1, 283: -1, 375: -1, 398: 1, 421: -1, 467: 0,
    490: 1, 559: -1, 605: 1, 628: 0, 651: -1, 720: 1, 766: -1, 812: -1, 835: 1, 881: -1,
    904: 1, 950: 0, 973: -1, 1019: 1, 1042: 1, 1065: 1, 1111: 0, 1157: 0, 1203: 0, 1295: 1,
    1318: 1, 1364: 1, 1525: -1, 1548: 0, 1571: 0, 1594: -1, 1617: 0, 1686: -1, 1755: -1, 1801: 0,
    1916: 0, 1939: -1, 2031: 0, 2100: -1, 2123: 0, 2146: -1, 2238: 0, 2284: -1, 2330: 1, 2376: 1,
    2399: -1, 2422: 1, 2560: 1, 2583: 0, 2652: -1, 2698: 1, 2813: 1, 2859: 1, 2882: -1, 2951: -1,
    3020: -1, 3043: 0, 3066: -1, 3181: -1, 3204: 0, 3227: 1, 3342: -1, 3365: -1, 3388: -1, 3411: 1,
    3503: 1, 3526: 0, 3618: 0, 3641: 1, 3687: 1, 3710: -1, 3848: -1, 3940: 1, 3963: 1, 4009: 0,
    4032: -1, 4055: 1, 4078: 0, 4216: 0, 4262: 1, 4285: 1, 4354: 1, 4377: -1, 4400: -1, 4423: -1,
    4446: 0, 4492: -1, 4515: 0, 4561: -1, 4607: 1, 4653: 1, 4676: 0, 4699: 1, 4722: 0, 4745: 0,
}  # fmt: skip  # a table reads better than a hundred lines

FRESH_ROWS = {
    18: 1, 59: 1, 223: -1, 264: -1, 346: 0, 387: -1, 428: 0, 510: 1, 551: 0, 592: 0,
    633: 0, 674: 1, 715: 1, 797: 1, 920: 1, 1002: 0, 1043: 1, 1084: 0, 1207: 1, 1248: 0,
    1289: 1, 1453: 1, 1494: 1, 1576: 1, 1658: 1, 1740: 0, 1822: -1, 1863: 0, 1945: -1, 1986: 1,
    2027: 0, 2068: 0, 2109: 0, 2150: 0, 2191: -1, 2232: 0, 2273: 0, 2437: 1, 2478: 1, 2601: 0,
    2724: 0, 2765: 1, 2806: 0, 2888: 1, 2929: -1, 2970: 1, 3052: 1, 3093: 0, 3134: 1, 3175: 1,
    3216: 1, 3257: 0, 3298: 0, 3339: -1, 3421: 0, 3462: 0, 3544: 1, 3626: 1, 3667: 1, 3708: 1,
    3790: 0, 4159: 0, 4200: -1, 4241: -1, 4282: -1, 4364: 1, 4528: 0, 4569: 0, 4651: -1, 4733: 0,
}  # fmt: skip  # as above


def _lines(text: str, label: int) -> list[tuple[str, int]]:
    return [(line, label) for line in text.strip().splitlines()]


BY_HAND: list[tuple[str, int]] = [
    pair for both in zip(_lines(RISING, 1), _lines(FALLING, -1), strict=True) for pair in both
]
"""All made-up headlines with their labels, good and bad alternating."""


def halves(pairs: list[tuple[str, int]]) -> tuple[list[tuple[str, int]], list[tuple[str, int]]]:
    """Split into (tuning, held out): by pairs of neighbours, so both halves hold both labels."""
    tuning = [pair for place, pair in enumerate(pairs) if place // 2 % 2]
    held_out = [pair for place, pair in enumerate(pairs) if not place // 2 % 2]
    return tuning, held_out
