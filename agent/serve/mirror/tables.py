"""The tables of a mirror. All of them follow from the rows: a mirror that does not fit is made anew."""

FORMAT = 4
"""Of the tables and of what is written into them. Raise it with every change: the mirror is made anew."""

STRETCHES = (16, 256)
"""Numbers of cycles of which the lowest and the highest equity are kept together, for curves over many."""

DDL = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

-- The journal's own rows, to the byte.
CREATE TABLE rows (
    seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, kind TEXT NOT NULL, cycle_id INTEGER,
    payload BLOB NOT NULL, hash BLOB NOT NULL
);
CREATE INDEX rows_by_cycle ON rows (cycle_id);
CREATE INDEX rows_of_sessions ON rows (seq) WHERE kind = 'session_started';

-- Each row as the stream tells it, ready to send.
CREATE TABLE events (seq INTEGER PRIMARY KEY, kind TEXT NOT NULL, body BLOB NOT NULL);

-- Cycles: `seq` is the row of what was decided; equity in cash units after the cycle.
CREATE TABLE cycles (
    cycle INTEGER PRIMARY KEY, seq INTEGER NOT NULL, at INTEGER NOT NULL, session INTEGER NOT NULL,
    outcome TEXT, error TEXT, equity INTEGER, drawdown REAL
);
CREATE INDEX cycles_by_outcome ON cycles (outcome, cycle);
CREATE INDEX cycles_by_time ON cycles (at, cycle);
CREATE TABLE decisions (
    cycle INTEGER NOT NULL, symbol TEXT NOT NULL, verdict TEXT, outcome TEXT, at INTEGER NOT NULL,
    body BLOB NOT NULL, PRIMARY KEY (cycle, symbol)
) WITHOUT ROWID;
CREATE INDEX decisions_by_symbol ON decisions (symbol, cycle);
CREATE INDEX decisions_by_symbol_outcome ON decisions (symbol, outcome, cycle);
CREATE INDEX decisions_by_rule ON decisions (verdict, cycle) WHERE verdict IS NOT NULL;
CREATE INDEX decisions_by_rule_symbol ON decisions (verdict, symbol, cycle) WHERE verdict IS NOT NULL;
CREATE TABLE stretches (
    length INTEGER NOT NULL, number INTEGER NOT NULL, low INTEGER NOT NULL, low_cycle INTEGER NOT NULL,
    high INTEGER NOT NULL, high_cycle INTEGER NOT NULL, PRIMARY KEY (length, number)
) WITHOUT ROWID;

CREATE TABLE orders (
    client_id TEXT PRIMARY KEY, seq INTEGER NOT NULL, cycle INTEGER NOT NULL, at INTEGER NOT NULL,
    symbol TEXT NOT NULL, purpose TEXT NOT NULL, side TEXT NOT NULL, type TEXT NOT NULL,
    lots INTEGER NOT NULL, quantity TEXT NOT NULL, filled TEXT NOT NULL, level TEXT, status TEXT NOT NULL,
    open INTEGER NOT NULL, reason TEXT, done_seq INTEGER
) WITHOUT ROWID;
CREATE INDEX orders_by_seq ON orders (seq);
CREATE INDEX orders_by_symbol ON orders (symbol, seq);
CREATE INDEX orders_open ON orders (seq) WHERE open;
-- The rows that name an order.
CREATE TABLE mentions (client_id TEXT NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (client_id, seq))
    WITHOUT ROWID;
CREATE INDEX mentions_by_seq ON mentions (seq);

CREATE TABLE fills (
    number INTEGER PRIMARY KEY, trade_id TEXT NOT NULL, client_id TEXT NOT NULL, seq INTEGER NOT NULL,
    symbol TEXT NOT NULL, at INTEGER NOT NULL, body BLOB NOT NULL
);
CREATE UNIQUE INDEX fills_once ON fills (client_id, trade_id);
CREATE INDEX fills_by_symbol ON fills (symbol, number);
CREATE TABLE trades (
    number INTEGER PRIMARY KEY, seq INTEGER NOT NULL, symbol TEXT NOT NULL, closed INTEGER NOT NULL,
    hour INTEGER NOT NULL, exit TEXT NOT NULL, pnl INTEGER NOT NULL, earned REAL, result REAL NOT NULL,
    gross INTEGER NOT NULL, fees INTEGER NOT NULL, slippage INTEGER NOT NULL, body BLOB NOT NULL
);
CREATE INDEX trades_by_symbol ON trades (symbol, number);
CREATE INDEX trades_by_time ON trades (closed);
-- Closed trades by the voices that spoke for their entry.
CREATE TABLE spoken (
    voice TEXT PRIMARY KEY, trades INTEGER NOT NULL, wins INTEGER NOT NULL, pnl INTEGER NOT NULL,
    returns REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE lessons (
    number INTEGER PRIMARY KEY, seq INTEGER NOT NULL, kind TEXT NOT NULL, symbol TEXT NOT NULL, rule TEXT,
    at INTEGER NOT NULL, body BLOB NOT NULL
);
CREATE INDEX lessons_by_kind ON lessons (kind, number);
CREATE INDEX lessons_by_rule ON lessons (rule, number) WHERE rule IS NOT NULL;

-- Running totals of lessons, added up in the journal's order.
CREATE TABLE voices (
    voice TEXT PRIMARY KEY, trades INTEGER NOT NULL, correct INTEGER NOT NULL, total REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE rules (
    rule TEXT PRIMARY KEY, vetoes INTEGER NOT NULL, losses INTEGER NOT NULL, gains INTEGER NOT NULL,
    total REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE weights (
    number INTEGER PRIMARY KEY, at INTEGER NOT NULL, cycle INTEGER NOT NULL, voice TEXT NOT NULL,
    weight REAL NOT NULL
);

-- Forecasts of entries, those without a result still open, and each voice's outcomes so far.
CREATE TABLE forecasts (
    number INTEGER PRIMARY KEY, cycle INTEGER NOT NULL, symbol TEXT NOT NULL, voice TEXT NOT NULL,
    body BLOB NOT NULL, result REAL, learned_at INTEGER, kind TEXT
);
CREATE INDEX forecasts_open ON forecasts (cycle, symbol) WHERE kind IS NULL;
CREATE TABLE tallies (voice TEXT PRIMARY KEY, count INTEGER NOT NULL, won INTEGER NOT NULL) WITHOUT ROWID;

CREATE TABLE candles (
    symbol TEXT NOT NULL, timeframe TEXT NOT NULL, time INTEGER NOT NULL, open TEXT NOT NULL,
    high TEXT NOT NULL, low TEXT NOT NULL, close TEXT NOT NULL, volume REAL NOT NULL,
    PRIMARY KEY (symbol, timeframe, time)
) WITHOUT ROWID;
-- What the strategies looked at after a candle, to be drawn: [[name, whether it is a price, value], ...].
CREATE TABLE lines (
    symbol TEXT NOT NULL, timeframe TEXT NOT NULL, time INTEGER NOT NULL, body BLOB NOT NULL,
    PRIMARY KEY (symbol, timeframe, time)
) WITHOUT ROWID;
CREATE TABLE markers (
    number INTEGER PRIMARY KEY, symbol TEXT NOT NULL, at INTEGER NOT NULL, kind TEXT NOT NULL,
    cycle INTEGER NOT NULL, price TEXT, text TEXT NOT NULL
);
CREATE INDEX markers_by_time ON markers (symbol, at);

-- The fold after a row, without what the tables above know: where `why` begins, and where the fold goes on.
CREATE TABLE checkpoints (seq INTEGER PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE resumption (number INTEGER PRIMARY KEY CHECK (number = 1), seq INTEGER, body BLOB NOT NULL);
"""
