// One symbol of a backtest: its candles put together in few columns, and the trades on them.
import { zoomed } from "./base.js";
import { candleChart } from "./candles.js";
import { before, el, number, stamp } from "./dom.js";

// Candles come as differences, which are short, in ticks, which are whole.
function unpacked({ first, tick, t, o, h, l, c }) {
  let [time, close] = [first / 1000, 0];
  return t.map((step, at) => {
    time += step;
    const open = close + o[at];
    close = open + c[at];
    return {
      time, open: open * tick, close: close * tick,
      high: (Math.max(open, close) + h[at]) * tick, low: (Math.min(open, close) - l[at]) * tick,
    };
  });
}

function tripsOf({ first, tick, trades }) {
  const [opened, closed, bought, sold, net, why] = trades;
  return opened.map((at, index) => ({
    opened: first / 1000 + at, closed: first / 1000 + closed[index],
    bought: bought[index] * tick, sold: sold[index] * tick, net: net[index], won: net[index] > 0, why: why[index],
  }));
}

// Draws a symbol's candles with the trades on them, and controls that bring each trade into view.
export function market(root, data) {
  const trips = tripsOf(data);
  const opened = trips.map((trip) => trip.opened);
  const price = (value) => number(value, data.places);
  const words = (trip) =>
    `${stamp(trip.opened)} bought at ${price(trip.bought)} · ${stamp(trip.closed)} sold at ${price(trip.sold)} ` +
    `(${data.endings[trip.why]}) · ${number(trip.net, 2, { signed: true })} ${data.quote}`;
  const near = (time) => {
    const at = before(opened, time);
    return at >= 0 && trips[at].closed >= time ? words(trips[at]) : null;
  };
  const label = `Candles and ${trips.length} trades of ${data.symbol}`;
  const held = candleChart(root, { label, places: data.places, told: near });
  held.set({ candles: unpacked(data), trips, shade: data.unseen === null ? null : data.unseen / 1000 });
  let picked = -1;
  const pick = (step) => {
    if (!trips.length) return;
    picked = picked < 0 && step < 0 ? trips.length - 1 : (picked + step + trips.length) % trips.length;
    held.show(trips[picked].opened, trips[picked].closed);
    held.say(`trade ${picked + 1} of ${trips.length} · ${words(trips[picked])}`);
  };
  const all = () => {
    picked = -1;
    held.whole();
  };
  const button = (text, click, label) => el("button", { type: "button", click, "aria-label": label }, text);
  root.append(el("div", { class: "controls" },
    button("‹ trade", () => pick(-1), "previous trade"), button("trade ›", () => pick(1), "next trade"),
    button("−", () => zoomed(held, 1.6), "zoom out"), button("+", () => zoomed(held, 1 / 1.6), "zoom in"),
    button("all", all, "show all"), el("span", { class: "hint" }, "or drag, and the wheel after a click")));
  return held;
}
