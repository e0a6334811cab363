// Amounts, times and shares as people read them. Amounts are decimal text and stay text: digits are grouped and
// cut, never computed. `number` is for drawing only.

const MINUS = "\u2212";
const NONE = "\u2013";

/** An amount with its digits in groups of three; `places` rounds (half to even, as the terminal does) or fills. */
export function amount(text, { places, sign = false } = {}) {
  if (text === null || text === undefined || text === "") return NONE;
  const [, minus, digits, decimals = ""] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(String(text)) ?? [];
  if (digits === undefined) return String(text);
  const [whole, kept] = places === undefined ? [digits, decimals] : rounded(digits, decimals, places);
  const grouped = whole.replace(/\B(?=(\d{3})+(?!\d))/g, ",");
  const nothing = !/[1-9]/.test(whole + kept);
  const before = nothing ? "" : minus ? MINUS : sign ? "+" : "";
  return before + grouped + (kept ? "." + kept : "");
}

/** Digits before and after the point, rounded to so many places, on whole numbers of any length. */
function rounded(whole, decimals, places) {
  const rest = decimals.slice(places);
  let value = BigInt(whole + decimals.slice(0, places).padEnd(places, "0"));
  const half = /^50*$/.test(rest);
  if (rest && (half ? value % 2n === 1n : rest >= "5")) value += 1n;
  const text = value.toString().padStart(places + 1, "0");
  return places === 0 ? [text, ""] : [text.slice(0, -places), text.slice(-places)];
}

/** The decimals of the longest of some amounts, so that a column lines up. */
export function places(texts, most = 8) {
  const lengths = texts.filter(Boolean).map((text) => String(text).split(".")[1]?.replace(/0+$/, "").length ?? 0);
  return Math.min(most, Math.max(0, ...lengths));
}

/** -1, 0 or 1: the sign of an amount, read from its text. */
export function signOf(text) {
  const plain = String(text ?? "");
  if (!/[1-9]/.test(plain)) return 0;
  return plain.startsWith("-") ? -1 : 1;
}

/** An amount as a number, for drawing only; NaN where there is none. */
export const number = (text) => (text === null || text === undefined ? NaN : Number(text));

/** A fraction of 1 as a percentage. */
export function percent(fraction, { digits = 2, sign = false } = {}) {
  if (fraction === null || fraction === undefined || Number.isNaN(fraction)) return NONE;
  const text = Math.abs(fraction * 100).toFixed(digits);
  if (!/[1-9]/.test(text)) return text + "%";
  return (fraction < 0 ? MINUS : sign ? "+" : "") + text + "%";
}

/** A plain number of so many digits; what is a text stays one. */
export function plain(value, digits) {
  if (value === null || value === undefined) return NONE;
  if (typeof value !== "number") return String(value);
  const size = Math.abs(value);
  const kept = 10 ** (size >= 1000 ? 2 : size >= 10 ? 3 : 6);
  const text = digits === undefined ? String(Math.round(value * kept) / kept) : value.toFixed(digits);
  return amount(text);
}

/** An integer with its digits grouped. */
export const count = (value) => (value === null || value === undefined ? NONE : amount(String(value)));

/** Seconds as an age or a length: 4 s, 3 min, 2 h 10 min, 5 d. */
export function age(seconds) {
  if (seconds === null || seconds === undefined || Number.isNaN(seconds)) return NONE;
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min`;
  if (whole < 86400) {
    const minutes = Math.floor((whole % 3600) / 60);
    return `${Math.floor(whole / 3600)} h${minutes ? ` ${minutes} min` : ""}`;
  }
  const days = Math.floor(whole / 86400);
  const hours = Math.floor((whole % 86400) / 3600);
  return `${days} d${hours && days < 7 ? ` ${hours} h` : ""}`;
}

const SHAPES = {
  second: { year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit" },
  minute: { year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit" },
  clock: { hour: "2-digit", minute: "2-digit", second: "2-digit" },
  short: { month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit" },
  day: { year: "numeric", month: "2-digit", day: "2-digit" },
};
const made = new Map();

function formatter(shape, zone) {
  const key = shape + zone;
  if (!made.has(key)) {
    const options = { ...SHAPES[shape], hourCycle: "h23", timeZone: zone === "utc" ? "UTC" : undefined };
    made.set(key, new Intl.DateTimeFormat("en-CA", options));
  }
  return made.get(key);
}

/** An instant (ISO text or ms) in UTC or local time: "2026-11-28 23:15:07". Shapes: second, minute, clock, short, day. */
export function time(value, shape = "second", zone = "utc") {
  if (value === null || value === undefined || value === "") return NONE;
  const date = new Date(value);
  if (Number.isNaN(date.getTime())) return String(value);
  const part = Object.fromEntries(formatter(shape, zone).formatToParts(date).map(({ type, value: text }) => [type, text]));
  const day = [part.year, part.month, part.day].filter(Boolean).join("-");
  const clock = [part.hour, part.minute, part.second].filter(Boolean).join(":");
  return [day, clock].filter(Boolean).join(" ");
}

// Options of the command line, as a form calls them.
const SPOKEN = [
  [/give --evidence or --study to apply it all the same: --force/g, "choose a file of evidence, or tick \u201cForce\u201d"],
  [/--evidence or --study/g, "a file of evidence"], [/--force\b/g, "\u201cForce\u201d"], [/--journal\b:?/g, "name"], [/--([a-z][a-z-]*)/g, "$1"],
];

/** What the command line would say, as the page says it. */
export const spoken = (text) => SPOKEN.reduce((told, [pattern, word]) => told.replace(pattern, word), String(text ?? ""));

/** A text of the server's, its cycles written as all cycles are. */
export const told = (text) => String(text ?? "").replace(/\b([Cc]ycle) (\d{4,})\b/g, (_, word, number) => `${word} ${count(number)}`);

/** How a cycle ended, in the page's words: the journal's "held" is also what is owned and a loop that waits. */
export const outcomeOf = (outcome) => (outcome === "held" ? "no action" : outcome ?? "under way");

/** Words of a name in the journal's spelling: "stop_loss" is "stop loss". */
export const words = (name) => (name ? String(name).replace(/_/g, " ") : NONE);
