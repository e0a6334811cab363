// The script of a written report: each figure holds its data as JSON and is drawn by the page's own charts.
import { equityChart } from "./equity.js";
import { heatmap, monthly } from "./heat.js";
import { histogram } from "./histogram.js";
import { market } from "./market.js";
import { sortable } from "./sortable.js";

const KINDS = {
  equity: (root, data) => equityChart(root, data, { label: root.getAttribute("aria-label") }),
  market,
  histogram,
  monthly: (root, data) => monthly(root, data, { label: root.getAttribute("aria-label") }),
  heatmap: (root, data) => heatmap(root, data, { label: root.getAttribute("aria-label") }),
};

for (const root of document.querySelectorAll("figure[data-chart]")) {
  const data = JSON.parse(root.querySelector("script").textContent);
  KINDS[root.dataset.chart](root, data);
}
document.querySelectorAll(".trades table").forEach(sortable);
