// What every chart over time stands on: the library, in the page's colours, light and dark.
import { createChart } from "../vendor/lightweight-charts.js";
import { number } from "./dom.js";

const NAMES = ["ink", "soft", "line", "card", "own", "sell", "hold", "up", "down", "wait"];
const ROOM = 12; // pixels right of the last bar

// The page's colours as the browser resolves them, for canvases know no variables.
export function colours(place = document.body) {
  const probe = document.createElement("i");
  place.append(probe);
  const found = {};
  for (const name of NAMES) {
    probe.style.color = `var(--${name})`;
    found[name] = getComputedStyle(probe).color;
  }
  probe.remove();
  return found;
}

export function faded(colour, share) {
  return colour.replace(/^rgba?\(([^)]+)\)$/, (_, parts) => {
    const [red, green, blue] = parts.split(",");
    return `rgba(${red},${green},${blue},${share})`;
  });
}

// Calls `told` whenever light turns to dark or back; returns what ends it.
export function onTheme(told) {
  const media = matchMedia("(prefers-color-scheme: dark)");
  const watched = new MutationObserver(told);
  watched.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme", "class"] });
  media.addEventListener("change", told);
  return () => {
    watched.disconnect();
    media.removeEventListener("change", told);
  };
}

function options(tone, room) {
  const small = Math.min(innerWidth, 1e4) < 600;
  return {
    autoSize: true,
    layout: {
      background: { type: "solid", color: "transparent" },
      textColor: tone.soft,
      fontSize: Math.round(11 * (parseFloat(getComputedStyle(document.documentElement).fontSize) / 16)),
      fontFamily: getComputedStyle(document.body).fontFamily,
      attributionLogo: false,
      panes: { separatorColor: tone.line, separatorHoverColor: tone.line, enableResize: false },
    },
    grid: { vertLines: { visible: false }, horzLines: { color: tone.line } },
    rightPriceScale: { borderVisible: false, minimumWidth: small ? 52 : 72, scaleMargins: { top: 0.08, bottom: 0.06 } },
    timeScale: { borderColor: tone.line, timeVisible: true, secondsVisible: false, minBarSpacing: 0.005, rightOffsetPixels: room, lockVisibleTimeRangeOnResize: true },
    crosshair: {
      mode: 0,
      vertLine: { color: tone.soft, labelBackgroundColor: tone.soft },
      horzLine: { color: tone.soft, labelBackgroundColor: tone.soft },
    },
    handleScroll: { mouseWheel: false, vertTouchDrag: false },
    handleScale: { mouseWheel: false },
    localization: { locale: "en-GB" },
  };
}

// A chart in a place that the keyboard reaches. `restyle(tone)` is called at once and at each change of colours.
// The wheel zooms only a chart that has the focus, so that a page scrolls over the others. `clock(seconds)` gives
// the text of an instant where times are not to be shown in UTC. All is shown until somebody moves the view: `settle`
// does so after new data, `whole` brings it back, `keep` says that it was moved.
export function timeChart(place, { label, restyle = () => {}, clock = null, room = ROOM }) {
  place.replaceChildren();
  place.tabIndex = 0;
  place.setAttribute("role", "img");
  place.setAttribute("aria-label", label);
  const chart = createChart(place, options(colours(place), room));
  if (clock) chart.applyOptions({ localization: { timeFormatter: clock } });
  const paint = () => {
    const tone = colours(place);
    chart.applyOptions(options(tone, room));
    restyle(tone, chart);
  };
  const wheel = (on) => chart.applyOptions({ handleScale: { mouseWheel: on }, handleScroll: { mouseWheel: on } });
  const focused = () => wheel(true);
  const left = () => wheel(false);
  let own = false;
  const whole = () => {
    own = false;
    chart.timeScale().fitContent();
  };
  const keep = () => {
    own = true;
  };
  const settle = () => own || chart.timeScale().fitContent();
  const pressed = (event) => (event.key === "Home" ? whole() : moved(chart, event) && keep());
  const heard = [
    ["focus", focused], ["blur", left], ["keydown", pressed], ["dblclick", whole],
    ["pointermove", (event) => event.buttons && keep()], ["touchmove", keep], ["wheel", () => place === document.activeElement && keep()],
  ];
  for (const [name, told] of heard) place.addEventListener(name, told, { passive: name !== "keydown" });
  const ended = onTheme(paint);
  const sized = new ResizeObserver(settle);
  sized.observe(place);
  return {
    chart,
    paint,
    whole,
    keep,
    settle,
    remove() {
      ended();
      sized.disconnect();
      for (const [name, told] of heard) place.removeEventListener(name, told);
      chart.remove();
    },
  };
}

// Arrows move the view by a tenth, plus and minus zoom; tells whether the key was one of them.
function moved(chart, event) {
  const scale = chart.timeScale();
  const range = scale.getVisibleLogicalRange();
  if (!range) return false;
  const width = range.to - range.from;
  const steps = {
    ArrowLeft: [-width / 10, -width / 10],
    ArrowRight: [width / 10, width / 10],
    "+": [width / 8, -width / 8],
    "=": [width / 8, -width / 8],
    "-": [-width / 6, width / 6],
  };
  if (!steps[event.key]) return false;
  const [from, to] = steps[event.key];
  scale.setVisibleLogicalRange({ from: range.from + from, to: range.to + to });
  event.preventDefault();
  return true;
}

export function zoomed({ chart, keep }, share) {
  keep();
  const scale = chart.timeScale();
  const range = scale.getVisibleLogicalRange();
  if (!range) return;
  const middle = (range.from + range.to) / 2;
  const half = ((range.to - range.from) * share) / 2;
  scale.setVisibleLogicalRange({ from: middle - half, to: middle + half });
}

// What keeps an axis from making noise of a line that is as good as flat: it spans `share` of the values at least.
export function calm(share) {
  return (original) => {
    const found = original();
    if (!found?.priceRange) return found;
    const { minValue: low, maxValue: high } = found.priceRange;
    const lacks = spanned(low, high, share) - (high - low);
    return lacks <= 0 ? found : { ...found, priceRange: { minValue: low - lacks / 2, maxValue: high + lacks / 2 } };
  };
}

// How much an axis spans that shows values from `low` to `high`, and `share` of them at least.
export const spanned = (low, high, share) => Math.max(high - low, Math.max(Math.abs(low), Math.abs(high)) * share);

// The way numbers of a series stand at its axis.
export function written(places, unit = "") {
  return { type: "custom", minMove: 10 ** -places, formatter: (value) => number(value, places) + unit };
}
