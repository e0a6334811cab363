// Trials as squares of a map: two parameters across and down, the best score over all others in each square.

const MOST = 14;
const BINS = 10;

/** The parameters that trials differ in, those with most values first. */
export function varied(tried) {
  const names = Object.keys(tried[0]?.parameters ?? {});
  const counts = names.map((name) => [name, new Set(tried.map((trial) => String(trial.parameters[name]))).size]);
  return counts.filter(([, count]) => count > 1).sort((a, b) => b[1] - a[1]).map(([name]) => name);
}

/** The map of trials over `x` and `y` (null: a single row), of `side` in_sample or out_of_sample. */
export function squares(tried, x, y, side) {
  const across = axis(tried.map((trial) => trial.parameters[x]));
  const down = y ? axis(tried.map((trial) => trial.parameters[y])) : { names: [""], place: () => 0 };
  const cells = down.names.map(() => across.names.map(() => null));
  let best = null;
  for (const trial of tried) {
    const value = trial[side];
    if (value === null || value === undefined) continue;
    const [column, row] = [across.place(trial.parameters[x]), down.place(y ? trial.parameters[y] : "")];
    if (cells[row][column] === null || value > cells[row][column]) cells[row][column] = value;
    if (best === null || value > best.value) best = { value, at: [column, row] };
  }
  return { x, y, xs: across.names, ys: down.names, cells, best: best?.at ?? null };
}

function axis(values) {
  const numbers = values.every((value) => typeof value === "number");
  const known = [...new Set(values)].sort((a, b) => (numbers ? a - b : String(a).localeCompare(String(b))));
  if (!numbers || known.length <= MOST) return { names: known.map(String), place: (value) => known.indexOf(value) };
  const [low, high] = [known[0], known.at(-1)];
  const width = (high - low) / BINS;
  const shown = (value) => String(Number(value.toPrecision(3)));
  const names = Array.from({ length: BINS }, (_, k) => `${shown(low + k * width)}\u2013${shown(low + (k + 1) * width)}`);
  return { names, place: (value) => Math.min(BINS - 1, Math.floor((value - low) / width)) };
}

/** Trade results as bars: 0 is an edge, the outer 1 % of many lie in the outer bars. */
export function distribution(shares, bins = 30) {
  const sorted = [...shares].sort((a, b) => a - b);
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  const [low, high] = sorted.length >= 100 ? [Math.min(0, at(0.01)), Math.max(0, at(0.99))] : [Math.min(0, sorted[0]), Math.max(0, sorted.at(-1))];
  const width = (high - low) / bins || 0.001;
  const first = Math.floor(low / width);
  const count = Math.ceil(high / width) + 1 - first;
  const edges = Array.from({ length: count + 1 }, (_, k) => (first + k) * width);
  const counts = new Array(count).fill(0);
  for (const share of sorted) counts[Math.min(count - 1, Math.max(0, Math.floor(share / width) - first))] += 1;
  return { edges, counts };
}
