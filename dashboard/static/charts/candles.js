// Candles of a symbol, with volume, trades from entry to exit, marks of what was decided, levels of what is held, and
// the lines of its strategies: those that are prices on the candles, the others below them on a scale of their own.
import { CandlestickSeries, createSeriesMarkers, HistogramSeries, LineSeries } from "../vendor/lightweight-charts.js";
import { colours, faded, timeChart, written } from "./base.js";
import { before, el, number, stamp } from "./dom.js";
import { MARKS } from "./marks.js";
import { placed, tripsOn } from "./trips.js";

const BELOW = 90; // pixels of the pane of lines that are no prices
const VOLUME = 0.16; // share of the candles' pane that volumes take, at its foot
const ROOM = 48; // pixels right of the last candle, where the names of levels stand
const TONES = [6, 2, 3, 5]; // of the strategies' lines: blue is a buy, violet a sale

// `set({candles, trips, marks, levels, shade})` takes candles `{time, open, high, low, close}` with seconds and numbers,
// and `volume` where it is known, trips `{opened, closed, bought, sold, won}`, marks `{kind, time, price, text}`, levels
// `{name, price, tone}`, lines `{name, onPrice, values}` with a number or null a candle, and the instant from which the
// ground is shaded; what is left out stays as it is. `add(candle)` sets or renews the latest.
export function candleChart(root, { label, places = 2, height = 320, clock = null, told = null, latest = false }) {
  const place = el("div", { class: "canvas" });
  const keys = el("p", { class: "legend" });
  const read = el("p", { class: "read" });
  place.style.height = `${height}px`;
  root.append(keys, place, read);
  const state = { candles: [], trips: [], marks: [], levels: [], lines: [], times: [], drawn: new Map(), volume: null };
  const held = timeChart(place, { label, clock, room: ROOM, restyle: (tone) => toned(tone) });
  const series = held.chart.addSeries(CandlestickSeries, { priceFormat: written(places), priceLineVisible: false, lastValueVisible: latest, borderVisible: false });
  const marked = createSeriesMarkers(series, []);
  const trips = tripsOn(series, state.times, colours(place));

  function toned(tone) {
    state.volume?.applyOptions({ color: faded(tone.soft, 0.35) });
    for (const { key, line } of state.drawn.values()) line.applyOptions({ color: getComputedStyle(key).backgroundColor });
    series.applyOptions({
      upColor: faded(tone.up, 0.8), downColor: faded(tone.down, 0.8),
      wickUpColor: faded(tone.up, 0.8), wickDownColor: faded(tone.down, 0.8),
    });
    trips.set({ tone });
    marked.setMarkers(markers(state.marks, tone));
    state.lines.forEach((line) => series.removePriceLine(line));
    state.lines = state.levels.map((level) => series.createPriceLine(lineOf(level, tone)));
  }

  function set({ candles, trips: next, marks, levels, lines, shade }) {
    if (candles) {
      state.candles = candles;
      state.times.length = 0;
      candles.forEach(({ time }) => state.times.push(time));
      series.setData(candles);
      volumes(candles);
    }
    if (lines) drawLines(lines);
    if (next) trips.set({ trips: next });
    if (shade !== undefined) trips.set({ shade });
    if (marks) state.marks = marks;
    if (levels) state.levels = levels;
    toned(colours(place));
    if (candles) held.settle();
    read.textContent = words(state, state.candles.length - 1, clock);
  }

  // Volumes stand at the foot of the candles, on a scale that nobody reads: how much, the line below says.
  function volumes(candles) {
    const known = candles.filter((candle) => candle.volume !== undefined);
    if (known.length === 0) return;
    if (state.volume === null) {
      state.volume = held.chart.addSeries(HistogramSeries, { priceScaleId: "volume", priceLineVisible: false, lastValueVisible: false });
      held.chart.priceScale("volume").applyOptions({ scaleMargins: { top: 1 - VOLUME, bottom: 0 }, visible: false });
      series.priceScale().applyOptions({ scaleMargins: { top: 0.08, bottom: VOLUME + 0.02 } });
    }
    state.volume.setData(known.map(({ time, volume }) => ({ time, value: volume })));
  }

  function drawLines(lines) {
    for (const each of [...lines].sort((one, other) => other.onPrice - one.onPrice)) {
      const { line, value } = state.drawn.get(each.name) ?? added(each);
      line.setData(state.times.map((time, at) => (each.values[at] === null || each.values[at] === undefined ? { time } : { time, value: each.values[at] })));
      const last = each.values.findLast((known) => known !== null && known !== undefined);
      value.textContent = last === undefined ? "" : number(last, each.onPrice ? places : 1);
    }
  }

  // A line that never moves is a bound of another one, and grey.
  function added({ name, onPrice, values }) {
    const known = values.filter((value) => value !== null);
    const guide = known.length > 1 && known.every((value) => value === known[0]);
    const key = el("i", { class: guide ? "key guide" : `key tone tone-${TONES[state.drawn.size % TONES.length]}` });
    const value = el("b", { class: "figure" });
    keys.append(el("span", {}, key, `${name} `, value));
    const options = { priceFormat: written(onPrice ? places : 0), priceLineVisible: false, lastValueVisible: false, crosshairMarkerVisible: false, lineWidth: 1 };
    const line = held.chart.addSeries(LineSeries, options, onPrice ? 0 : 1);
    state.drawn.set(name, { key, value, line });
    if (!onPrice && held.chart.panes().length > 1) {
      place.style.height = `${height + BELOW}px`;
      held.chart.panes()[0].setStretchFactor(height);
      held.chart.panes()[1].setStretchFactor(BELOW);
    }
    return state.drawn.get(name);
  }

  function add(candle) {
    if (state.times.at(-1) === candle.time) state.candles[state.candles.length - 1] = candle;
    else {
      state.candles.push(candle);
      state.times.push(candle.time);
    }
    series.update(candle);
  }

  // Brings a stretch into view, four times as wide as it is long.
  function show(opened, closed) {
    const [from, to] = [placed(state.times, opened), placed(state.times, closed)];
    const room = Math.max(15, (to - from) * 1.5);
    held.keep();
    held.chart.timeScale().setVisibleLogicalRange({ from: from - room, to: to + room });
  }

  held.chart.subscribeCrosshairMove(({ time }) => {
    const at = time === undefined ? state.candles.length - 1 : before(state.times, time);
    read.textContent = (told && time !== undefined && told(time)) || words(state, at, clock);
  });
  return { ...held, set, add, show, series, say: (text) => (read.textContent = text) };

  function words({ candles, marks }, at, writeTime) {
    if (at < 0) return "no candle yet";
    const { time, open, high, low, close, volume } = candles[at];
    const prices = [["open", open], ["high", high], ["low", low], ["close", close]];
    const here = marks.filter((mark) => mark.bar === time).map(({ text }) => text);
    const traded = volume === undefined ? [] : [`volume ${number(volume, volume < 10 ? 4 : 1)}`];
    return [(writeTime ?? stamp)(time), prices.map(([name, price]) => `${name} ${number(price, places)}`).join(" "), ...traded, ...here].join(" · ");
  }

  function markers(marks, tone) {
    return marks
      .map((mark) => {
        const bar = before(state.times, mark.time);
        const { shape, position, tone: name } = MARKS[mark.kind] ?? MARKS.veto;
        mark.bar = state.times[Math.max(0, bar)];
        return { time: mark.bar, shape, position, color: tone[name], text: mark.short ?? "", size: 1 };
      })
      .filter(({ time }) => time !== undefined)
      .sort((a, b) => a.time - b.time);
  }
}

function lineOf({ name, price, tone: which }, tone) {
  return { price, color: tone[which] ?? tone.soft, lineWidth: 1, lineStyle: 2, axisLabelVisible: true, title: name };
}
