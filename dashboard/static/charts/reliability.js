// A reliability diagram: what was said against what came, a bin each with its interval; on the diagonal both agree.
import { el, percent, svg, ticks } from "./dom.js";

const [LEFT, RIGHT, TOP, BOTTOM] = [8, 48, 8, 36];
const WIDEST = 380;

// `bins`: `{probability, won, low, high, count}`, rising; `base` is the share of all that earned something, `label` the
// picture in words: it tells how many forecasts there are, so it comes with them.
export function reliabilityChart(root, first) {
  const place = el("div", { class: "bars low" });
  const read = el("p", { class: "read" });
  root.append(place, read);
  let shown = first;
  const draw = () => place.replaceChildren(drawn(shown, Math.min(place.clientWidth || WIDEST, WIDEST), read));
  const watched = new ResizeObserver(draw);
  watched.observe(place);
  draw();
  return {
    set(next) {
      shown = next;
      draw();
    },
    remove: () => watched.disconnect(),
  };
}

function drawn({ bins, base, label }, width, read) {
  const height = width - RIGHT + BOTTOM;
  const x = (share) => LEFT + share * (width - LEFT - RIGHT);
  const y = (share) => TOP + (1 - share) * (height - TOP - BOTTOM);
  const line = (kind, x1, y1, x2, y2) => svg("line", { class: kind, x1: x(x1), y1: y(y1), x2: x(x2), y2: y(y2) });
  const axes = ticks(0, 1, 5).map((at) => [
    line("grid", 0, at, 1, at),
    svg("text", { x: width - RIGHT + 6, y: y(at) + 4 }, percent(at, 0)),
    svg("text", { x: x(at), y: height - BOTTOM + 16, "text-anchor": "middle" }, percent(at, 0)),
  ]);
  const names = svg("text", { x: x(0.5), y: height - 4, "text-anchor": "middle" }, "said, against how many of them came");
  const most = Math.max(1, ...bins.map(({ count }) => count));
  const marks = bins.map((bin) => {
    const text = `said ${percent(bin.probability, 0)}, came ${percent(bin.won, 0)} (${percent(bin.low, 0)} to ${percent(bin.high, 0)}), ${bin.count} forecasts`;
    return [
      line("reach", bin.probability, bin.low, bin.probability, bin.high),
      svg("circle", { class: "bin", cx: x(bin.probability), cy: y(bin.won), r: 3 + 4 * Math.sqrt(bin.count / most), pointerenter: () => (read.textContent = text) }),
    ];
  });
  const known = base === null ? [] : [line("base", 0, base, 1, base)];
  return svg("svg", { width, height, role: "img", "aria-label": label }, axes, line("zero", 0, 0, 1, 1), known, marks, names);
}
