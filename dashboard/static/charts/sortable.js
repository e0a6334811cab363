// A table whose headings sort it: numbers by their value, lengths of time by their length, the rest as text.
import { el, MINUS } from "./dom.js";

const UNITS = { min: 1, h: 60, days: 1440 };

function worth(text) {
  const found = /^([+-]?[\d,]*\.?\d+)(?: (min|h|days|%))?$/.exec(text.replace(MINUS, "-"));
  return found ? Number.parseFloat(found[1].replaceAll(",", "")) * (UNITS[found[2]] ?? 1) : null;
}

export function sortable(table) {
  const heads = [...table.querySelectorAll("thead th")];
  heads.forEach((head, at) => {
    const button = el("button", { type: "button", class: "sort", click: () => sort(table, heads, at) }, head.textContent);
    head.replaceChildren(button);
  });
}

function sort(table, heads, at) {
  const up = heads[at].getAttribute("aria-sort") === "ascending" ? -1 : 1;
  heads.forEach((head) => head.removeAttribute("aria-sort"));
  heads[at].setAttribute("aria-sort", up > 0 ? "ascending" : "descending");
  const body = table.querySelector("tbody");
  const rows = [...body.rows].map((row) => [worth(row.cells[at].textContent), row.cells[at].textContent, row]);
  const compared = ([a, one], [b, other]) => (a !== null && b !== null ? a - b : one < other ? -1 : one > other ? 1 : 0);
  rows.sort((a, b) => compared(a, b) * up);
  body.append(...rows.map(([, , row]) => row));
}
