// Candles of a symbol, with trades from entry to exit, marks of what was decided, and levels of what is held.
import { CandlestickSeries, createSeriesMarkers } from "../vendor/lightweight-charts.js";
import { colours, faded, timeChart, written } from "./base.js";
import { before, el, number, stamp } from "./dom.js";
import { placed, tripsOn } from "./trips.js";

// Shapes of marks; every one has a text too, so that no colour alone says what it is.
const MARKS = {
  entry: { shape: "arrowUp", position: "belowBar", tone: "own" },
  exit: { shape: "arrowDown", position: "aboveBar", tone: "ink" },
  stop: { shape: "square", position: "aboveBar", tone: "down" },
  target: { shape: "circle", position: "aboveBar", tone: "up" },
  veto: { shape: "circle", position: "aboveBar", tone: "wait" },
};

// `set({candles, trips, marks, levels, shade})` takes candles `{time, open, high, low, close}` with seconds and numbers,
// trips `{opened, closed, bought, sold, won}`, marks `{kind, time, price, text}`, levels `{name, price, tone}`, and the
// instant from which the ground is shaded; what is left out stays as it is. `add(candle)` sets or renews the latest.
export function candleChart(root, { label, places = 2, height = 320, clock = null, told = null, latest = false }) {
  const place = el("div", { class: "canvas" });
  const read = el("p", { class: "read" });
  place.style.height = `${height}px`;
  root.append(place, read);
  const state = { candles: [], trips: [], marks: [], levels: [], lines: [], times: [] };
  const held = timeChart(place, { label, clock, restyle: (tone) => toned(tone) });
  const series = held.chart.addSeries(CandlestickSeries, { priceFormat: written(places), priceLineVisible: false, lastValueVisible: latest, borderVisible: false });
  const marked = createSeriesMarkers(series, []);
  const trips = tripsOn(series, state.times, colours(place));

  function toned(tone) {
    series.applyOptions({
      upColor: faded(tone.up, 0.8), downColor: faded(tone.down, 0.8),
      wickUpColor: faded(tone.up, 0.8), wickDownColor: faded(tone.down, 0.8),
    });
    trips.set({ tone });
    marked.setMarkers(markers(state.marks, tone));
    state.lines.forEach((line) => series.removePriceLine(line));
    state.lines = state.levels.map((level) => series.createPriceLine(lineOf(level, tone)));
  }

  function set({ candles, trips: next, marks, levels, shade }) {
    if (candles) {
      state.candles = candles;
      state.times.length = 0;
      candles.forEach(({ time }) => state.times.push(time));
      series.setData(candles);
    }
    if (next) trips.set({ trips: next });
    if (shade !== undefined) trips.set({ shade });
    if (marks) state.marks = marks;
    if (levels) state.levels = levels;
    toned(colours(place));
    if (candles) held.settle();
    read.textContent = words(state, state.candles.length - 1, clock);
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
    const { time, open, high, low, close } = candles[at];
    const prices = [["open", open], ["high", high], ["low", low], ["close", close]];
    const here = marks.filter((mark) => mark.bar === time).map(({ text }) => text);
    return [(writeTime ?? stamp)(time), prices.map(([name, price]) => `${name} ${number(price, places)}`).join(" "), ...here].join(" · ");
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
