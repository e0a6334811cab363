// The kinds of work and what each can be told, as data: the form is drawn from it. Names are those of the command line.

const OVER_CANDLES = [
  { name: "strategy", also: "reasoning.strategies", label: "Strategy", type: "list", required: true, hint: "several with commas", list: "strategies", initial: "rsi" },
  { name: "symbol", label: "Symbol", type: "list", hint: "of the catalogue", list: "series" },
  { name: "timeframe", label: "Timeframe", type: "text", hint: "such as 5m, 1h, 1d" },
  { name: "timerange", label: "Days", type: "text", hint: "20230101-20230601, UTC" },
  { name: "data", label: "Candle file", type: "lines", rare: true, hint: "instead of the catalogue: a path in the home of the server" },
  { name: "set", label: "Settings for this run", type: "lines", rare: true, hint: "such as risk.daily_loss=100, one a line" },
];
const SCORE = { name: "score", label: "Fitted to", type: "choice", choices: ["sharpe", "return", "calmar"], initial: "sharpe" };
const SEED = { name: "seed", label: "Seed", type: "whole", rare: true, initial: "0" };

export const KINDS = {
  backtest: {
    title: "Backtest", says: "The loop's own rules over the candles of the past.",
    fields: [...OVER_CANDLES, { name: "verify", label: "run the loop beside it and compare every trade", type: "flag", rare: true }],
  },
  "walk-forward": {
    title: "Walk-forward", says: "Fitted on the past, traded in the unseen time after it, window by window.",
    fields: [...OVER_CANDLES,
      { name: "train", label: "Fitted on", type: "text", initial: "180d", hint: "180d, 12h or 5000c" },
      { name: "test", label: "Then unseen for", type: "text", initial: "30d" },
      SCORE,
      { name: "grid", label: "Values to try", type: "lines", hint: "fast=10:30:10, one a line" },
      { name: "step", label: "Moves on by", type: "text", rare: true, hint: "the unseen time if empty" },
      { name: "anchored", label: "fit on all time from the start", type: "flag", rare: true },
    ],
  },
  optimize: {
    title: "Optimize", says: "A search in the first 70 % of the candles; the rest shows what it is worth.",
    fields: [...OVER_CANDLES,
      { name: "trials", label: "Trials", type: "whole", initial: "100" }, SCORE,
      { name: "range", label: "Where to look", type: "lines", hint: "fast=5:50, one a line" },
      { name: "study", label: "Study", type: "text", rare: true, hint: "goes on with one of that name" }, SEED,
    ],
  },
  "monte-carlo": {
    title: "Monte Carlo", says: "A backtest resampled: its trades in another order, its days drawn again in blocks.",
    fields: [...OVER_CANDLES,
      { name: "runs", label: "Resamples", type: "whole", initial: "1000" },
      { name: "limit", label: "Drawdown asked for", type: "number", initial: "0.2", hint: "a fraction of 1" }, SEED,
      { name: "block", label: "Mean block, days", type: "number", rare: true },
    ],
  },
  lookahead: {
    title: "Look-ahead", says: "Proves that a strategy's signals never depend on later candles.",
    fields: [{ name: "strategy", label: "Strategy", type: "text", required: true, initial: "rsi", list: "strategies" }, OVER_CANDLES[4]],
  },
};

/** What was typed, as options: what is empty is left out. */
export function optionsOf(kind, given) {
  const options = {};
  for (const field of KINDS[kind].fields) {
    const value = valueOf(field, given[field.name] ?? field.initial ?? "");
    if (value !== undefined) options[field.name] = value;
  }
  return options;
}

function valueOf({ type, name }, value) {
  if (type === "flag") return value === true ? true : undefined;
  const text = String(value).trim();
  if (!text) return undefined;
  if (type === "list") return text.split(",").map((each) => each.trim()).filter(Boolean);
  if (type === "lines") return name === "data" && !text.includes("\n") ? [text] : text.split("\n").map((each) => each.trim()).filter(Boolean);
  if (type === "whole" || type === "number") return Number.isFinite(Number(text)) ? Number(text) : text;
  return text;
}

/** Options in a line, as they would be typed. */
export function optionsText(options) {
  return Object.entries(options ?? {}).map(([name, value]) => (value === true ? name : `${name} ${Array.isArray(value) ? value.join(", ") : value}`)).join(" \u00b7 ");
}
