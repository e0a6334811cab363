// A distribution as bars: those below zero in the colour of a loss, the others in that of a gain.
import { el, number, percent, svg, ticks } from "./dom.js";

const HEIGHT = 220;
const [LEFT, RIGHT, TOP, BOTTOM] = [8, 44, 8, 24];

// `edges` are fractions of 1, one more than `counts`.
export function histogram(root, { edges, counts }, { label = "Number of trades by result" } = {}) {
  const place = el("div", { class: "bars" });
  const read = el("p", { class: "read" });
  root.append(place, read);
  const draw = () => place.replaceChildren(drawn(edges, counts, place.clientWidth || 520, label, read));
  const watched = new ResizeObserver(draw);
  watched.observe(place);
  draw();
  return { remove: () => watched.disconnect() };
}

function drawn(edges, counts, width, label, read) {
  const [first, last] = [edges[0], edges.at(-1)];
  const most = Math.max(1, ...counts) * 1.06;
  const x = (value) => LEFT + ((value - first) / (last - first)) * (width - LEFT - RIGHT);
  const y = (count) => TOP + (1 - count / most) * (HEIGHT - TOP - BOTTOM);
  const places = last - first < 0.02 ? 2 : 1;
  const told = `${label}: ${counts.reduce((sum, each) => sum + each, 0)} in all, from ${percent(first, places)} to ${percent(last, places)}`;
  const across = ticks(first, last, width < 420 ? 3 : 5).map((at) =>
    svg("text", { x: x(at), y: HEIGHT - 6, "text-anchor": "middle" }, percent(at, places, { signed: true })));
  const up = ticks(0, most, 4).filter(Number.isInteger).map((at) => [
    svg("line", { x1: LEFT, x2: width - RIGHT, y1: y(at), y2: y(at), class: "grid" }),
    svg("text", { x: width - RIGHT + 6, y: y(at) + 4 }, number(at, 0)),
  ]);
  const bars = counts.map((count, at) => count > 0 && bar(edges[at], edges[at + 1], count, x, y, places, read));
  return svg("svg", { width, height: HEIGHT, role: "img", "aria-label": told }, up, bars, across);
}

function bar(from, to, count, x, y, places, read) {
  const room = (x(to) - x(from)) * 0.08;
  const text = `${percent(from, places, { signed: true })} to ${percent(to, places, { signed: true })}: ${count}`;
  return svg("rect", {
    class: `bar ${from >= 0 ? "up" : "down"}`,
    x: x(from) + room, y: y(count), width: Math.max(0.5, x(to) - x(from) - 2 * room), height: Math.max(0, y(0) - y(count)),
    pointerenter: () => (read.textContent = text),
  });
}
