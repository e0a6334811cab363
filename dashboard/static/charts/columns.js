// Columns above and below zero, one for each name: a day's hours, for example.
import { el, svg, ticks } from "./dom.js";

const [LEFT, RIGHT, TOP, BOTTOM] = [4, 46, 8, 22];
const WIDEST = 44;

// `rows`: `{name, value, text}`; `text` is read when a column is pointed at. `write(value)` gives the texts of the axis.
export function columnsChart(root, rows, { label, height = 180, write = String, every = 1 }) {
  const place = el("div", { class: "bars low" });
  const read = el("p", { class: "read" });
  root.append(place, read);
  const draw = () => place.replaceChildren(drawn(rows, place.clientWidth || 480, height, { label, write, every, read }));
  const watched = new ResizeObserver(draw);
  watched.observe(place);
  draw();
  return {
    set(next) {
      rows = next;
      draw();
    },
    remove: () => watched.disconnect(),
  };
}

function drawn(rows, width, height, { label, write, every, read }) {
  const values = rows.map(({ value }) => value);
  const [low, high] = [Math.min(0, ...values), Math.max(0, ...values)];
  const span = high - low || 1;
  const y = (value) => TOP + ((high - value) / span) * (height - TOP - BOTTOM);
  const step = (width - LEFT - RIGHT) / rows.length;
  const axis = ticks(low, high, 4).map((at) => [
    svg("line", { x1: LEFT, x2: width - RIGHT, y1: y(at), y2: y(at), class: at === 0 ? "zero" : "grid" }),
    svg("text", { x: width - RIGHT + 6, y: y(at) + 4 }, write(at)),
  ]);
  const sparse = width < 420 && rows.length > 6 ? every * 2 : every;
  const names = rows.map(({ name }, at) => at % sparse === 0 && svg("text", { x: LEFT + (at + 0.5) * step, y: height - 6, "text-anchor": "middle" }, name));
  const wide = Math.min(step * 0.72, WIDEST);
  const bars = rows.map(({ value, text }, at) => [
    value !== 0 && svg("rect", {
      class: `bar ${value > 0 ? "up" : "down"}`, rx: 1.5,
      x: LEFT + (at + 0.5) * step - wide / 2, width: wide, y: Math.min(y(0), y(value)), height: Math.max(1, Math.abs(y(value) - y(0))),
    }),
    svg("rect", { class: "catch", x: LEFT + at * step, width: step, y: TOP, height: height - TOP - BOTTOM, pointerenter: () => (read.textContent = text) }),
  ]);
  return svg("svg", { width, height, role: "img", "aria-label": label }, axis, bars, names);
}
