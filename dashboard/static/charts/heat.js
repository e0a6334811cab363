// Values in the squares of a table, warm by how large they are: months by year, trials by their parameters.
// It is a table, so that a screen reader goes through it and a selection copies it; the sign says what the colour says.
import { el, number, percent } from "./dom.js";

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

const MOST_HEAT = 48; // beyond, the text on it is hard to read

function square(value, text, warmth, kind = "") {
  if (value === null || value === undefined) return el("td", {}, el("span", { class: "heat none" }, kind ? "n/a" : ""));
  const side = value > 0 ? "up" : value < 0 ? "down" : "";
  return el("td", {}, el("span", { class: `heat ${side} ${kind}`.trim(), style: { "--heat": `${warmth}%` } }, text));
}

// `years`: the year's number and twelve returns as fractions of 1, null where there is none.
export function monthly(root, years, { label = "Returns by month" } = {}) {
  const head = ["Year", ...MONTHS, "Whole"].map((name) => el("th", { scope: "col" }, name));
  const rows = Object.entries(years).map(([year, months]) => {
    const known = months.filter((each) => each !== null);
    const whole = known.length ? known.reduce((sum, each) => sum * (1 + each), 1) - 1 : null;
    const cell = (value, kind) => square(value, percent(value, 1), Math.min(MOST_HEAT, Math.round(Math.abs(value) * 400)), kind);
    return el("tr", {}, el("th", { scope: "row" }, year), months.map((each) => cell(each)), cell(whole, "total"));
  });
  root.append(scrolled("months", label, head, rows));
}

// `xs` and `ys` are the values of two parameters, `cells[y][x]` a figure or null; `best` is its place `[x, y]`.
export function heatmap(root, { x, y, xs, ys, cells, best = null }, { label, places = 2 } = {}) {
  const known = cells.flat().filter((each) => each !== null);
  const most = Math.max(1e-12, ...known.map(Math.abs));
  const head = [el("th", { scope: "col" }, y ? `${y} \\ ${x}` : x), ...xs.map((each) => el("th", { scope: "col" }, String(each)))];
  const rows = cells.map((line, at) =>
    el("tr", {}, el("th", { scope: "row" }, String(ys[at])), line.map((value, column) => {
      const chosen = best && best[0] === column && best[1] === at;
      return square(value, number(value, places, { signed: true }) + (chosen ? " ★" : ""), Math.round((Math.abs(value) / most) * MOST_HEAT), chosen ? "best" : "");
    })));
  root.append(scrolled("trials", label, head, rows));
}

function scrolled(kind, label, head, rows) {
  return el("div", { class: `scroll ${kind}`, tabindex: "0", role: "region", "aria-label": label },
    el("table", {}, el("thead", {}, el("tr", {}, head)), el("tbody", {}, rows)));
}
