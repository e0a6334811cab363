// Equity, its fall from the peak, equity beside buy and hold, and the rolling Sharpe ratio: one axis of time.
import { AreaSeries, BaselineSeries, LineSeries } from "../vendor/lightweight-charts.js";
import { calm, colours, faded, timeChart, written } from "./base.js";
import { before, el, number, stamp } from "./dom.js";

const PANELS = [
  { name: "equity", height: 300, title: () => "" },
  { name: "both", height: 150, title: () => "equity and buy and hold, both from 100" },
  { name: "fall", height: 100, title: () => "fall from the peak" },
  { name: "sharpe", height: 100, title: ({ window: days }) => `Sharpe ratio of the last ${days} days, a year` },
];

const LEAST_SPAN = 0.005;
const LEAST_FALL = 0.5;

// The axis of the fall begins at the peak and reaches half a per cent down at least: what is less is no fall to speak of.
function fallen(original) {
  const found = original();
  if (!found?.priceRange) return found;
  return { ...found, priceRange: { minValue: Math.min(found.priceRange.minValue, -LEAST_FALL), maxValue: 0 } };
}

// `data`: `t` seconds, `e` equity, `f` fall from the peak in per cent; where known `h` buy and hold of 1, `d` and `s`
// seconds and values of the rolling Sharpe ratio over `window` days; `quote`. Returns what sets other data and ends it.
export function equityChart(root, data, { label = "Equity over time", heights = {}, clock = null } = {}) {
  const heightOf = ({ name, height }) => heights[name] ?? height;
  const shown = PANELS.filter(({ name }) => wanted(name, data));
  const place = el("div", { class: "canvas" });
  const read = el("p", { class: "read" });
  place.style.height = `${shown.reduce((sum, panel) => sum + heightOf(panel), 28)}px`;
  root.append(legend(data), el("div", { class: "panes" }, place, captions(shown, heightOf, data)), read);
  const held = timeChart(place, { label: `${label}: ${words(data)}`, clock, restyle: (tone) => toned(lines, tone) });
  const lines = {};
  shown.forEach(({ name }, pane) => added(held.chart, lines, name, pane));
  held.chart.panes().forEach((pane, index) => pane.setStretchFactor(heightOf(shown[index])));
  toned(lines, colours(place));
  const set = (next) => {
    data = next;
    filled(lines, next);
    held.settle();
    read.textContent = told(next, next.t.length - 1, clock);
  };
  set(data);
  held.chart.subscribeCrosshairMove(({ time }) => {
    read.textContent = told(data, time === undefined ? data.t.length - 1 : before(data.t, time), clock);
  });
  return { ...held, set };
}

function wanted(name, data) {
  return name === "both" ? Boolean(data.h?.length) : name === "sharpe" ? Boolean(data.s?.length) : true;
}

function legend(data) {
  const keys = [["equity", data.quote ? `equity, ${data.quote}` : "equity"]];
  if (data.h?.length) keys.push(["hold", "buy and hold, no costs"]);
  keys.push(["fall", "fall from the peak"]);
  return el("p", { class: "legend" }, keys.map(([kind, name]) => el("span", {}, el("i", { class: `key ${kind}` }), name)));
}

// The name of each panel below the first, at its top.
function captions(shown, heightOf, data) {
  let top = 0;
  return shown.map((panel, at) => {
    const caption = el("span", { class: "caption", style: { top: `${top + 3}px` } }, panel.title(data));
    top += heightOf(panel);
    return at > 0 && caption;
  });
}

function words(data) {
  if (!data.t.length) return "nothing yet";
  const last = data.e.length - 1;
  return `${number(data.e[0])} to ${number(data.e[last])} ${data.quote ?? ""}, deepest fall ${number(Math.min(...data.f))} per cent`;
}

function added(chart, lines, name, pane) {
  const plain = { priceLineVisible: false, lastValueVisible: false, crosshairMarkerRadius: 3, lineWidth: 2 };
  const add = (kind, key, more) => {
    lines[key] = chart.addSeries(kind, { ...plain, ...more }, pane);
  };
  if (name === "equity") add(LineSeries, "equity", { priceFormat: written(2), autoscaleInfoProvider: calm(LEAST_SPAN) });
  if (name === "both") {
    add(LineSeries, "hold", { priceFormat: written(1), lineWidth: 1 });
    add(LineSeries, "own", { priceFormat: written(1), lineWidth: 1 });
  }
  if (name === "fall") add(BaselineSeries, "fall", { priceFormat: written(1, " %"), lineWidth: 1, baseValue: { type: "price", price: 0 }, autoscaleInfoProvider: fallen });
  if (name === "sharpe") add(AreaSeries, "sharpe", { priceFormat: written(1), lineWidth: 1 });
}

function toned(lines, tone) {
  const clear = faded(tone.down, 0);
  lines.equity?.applyOptions({ color: tone.own });
  lines.own?.applyOptions({ color: tone.own });
  lines.hold?.applyOptions({ color: tone.hold });
  lines.sharpe?.applyOptions({ lineColor: tone.own, topColor: clear, bottomColor: clear });
  lines.fall?.applyOptions({
    topLineColor: tone.down, topFillColor1: clear, topFillColor2: clear,
    bottomLineColor: tone.down, bottomFillColor1: faded(tone.down, 0.12), bottomFillColor2: faded(tone.down, 0.35),
  });
}

function filled(lines, data) {
  const points = (times, values, scale = 1) => times.map((time, at) => ({ time, value: values[at] * scale }));
  lines.equity.setData(points(data.t, data.e));
  lines.fall.setData(points(data.t, data.f));
  lines.hold?.setData(points(data.t, data.h, 100));
  lines.own?.setData(points(data.t, data.e, 100 / (data.opening || data.e[0])));
  lines.sharpe?.setData(points(data.d, data.s));
}

function told(data, at, clock) {
  if (at < 0 || at >= data.t.length) return "";
  const parts = [(clock ?? stamp)(data.t[at]), `equity ${number(data.e[at])}`];
  if (data.h?.length) parts.push(`buy and hold ${number((data.h[at] - 1) * 100, 1, { signed: true })} %`);
  parts.push(`${number(data.f[at])} % from the peak`);
  const day = data.s?.length ? before(data.d, data.t[at]) : -1;
  if (day >= 0) parts.push(`Sharpe ${number(data.s[day])}`);
  return parts.join(" · ");
}
