// Several values over one axis of time, a line each, with the line's name and last value at its end.
import { LineSeries, LineType } from "../vendor/lightweight-charts.js";
import { timeChart, written } from "./base.js";
import { el, number } from "./dom.js";

const TONES = 6;

// `data`: `{name: [[seconds, value], ...]}`, rising in time. `set(data)` draws others; a new name takes the next tone.
export function linesChart(root, data, { label, height = 220, places = 3, clock = null, steps = true }) {
  const legend = el("p", { class: "legend" });
  const place = el("div", { class: "canvas" });
  place.style.height = `${height}px`;
  root.append(legend, place);
  const lines = new Map();
  const held = timeChart(place, { label, clock, restyle: paint });

  function paint() {
    for (const { series, key } of lines.values()) series.applyOptions({ color: getComputedStyle(key).color });
  }

  function added(name) {
    const key = el("i", { class: `key tone tone-${(lines.size % TONES) + 1}` });
    const value = el("b", { class: "figure" });
    legend.append(el("span", {}, key, `${name} `, value));
    const options = { priceFormat: written(places), priceLineVisible: false, lastValueVisible: false, lineWidth: 2 };
    const series = held.chart.addSeries(LineSeries, { ...options, lineType: steps ? LineType.WithSteps : LineType.Simple });
    lines.set(name, { series, key, value });
    return lines.get(name);
  }

  function set(next) {
    for (const [name, points] of Object.entries(next)) {
      const { series, value } = lines.get(name) ?? added(name);
      series.setData(points.map(([time, each]) => ({ time, value: each })));
      value.textContent = points.length ? number(points.at(-1)[1], places) : "";
    }
    paint();
    held.settle();
  }

  set(data);
  return { ...held, set };
}
