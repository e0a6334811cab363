// What an agent is worth: the gate's verdict with its rules, and the reports that are kept.

import { html } from "../vendor/preact.js";
import { Answered, Badge, Card, Command, Signed, Share, Table, Time } from "../components.js";
import { count, words } from "../format.js";
import { part, url } from "../api.js";
import { useAnswer } from "../store.js";

const VERDICTS = { GO: "good", WATCH: "wait", "NOT ENOUGH DATA": "quiet", "NO-GO": "bad" };
const STANDINGS = { pass: "good", weak: "wait", unknown: "quiet", fail: "bad" };
const AREAS = { conduct: "How it ran", performance: "What it earned", evidence: "What it rests on" };
const EVERY_MS = 60_000;

export default function Worth({ agent }) {
  const verdicts = useAnswer("gate", null, { every: EVERY_MS });
  const reports = useAnswer(`agents/${part(agent)}/reports`, null, { every: EVERY_MS });
  return html`<div class="stack">
    <${Answered} of=${verdicts}>${(rows) => {
      const found = rows.find((row) => row.journal === agent);
      return found ? html`<${Gate} of=${found} />` : html`<${Card} title="Gate">
        <p class="soft">Nobody has asked yet whether ${agent} deserves more money. A job does, or this:</p><${Command} text=${`agent gate --journal ${agent}`} /><//>`;
    }}<//>
    <${Answered} of=${reports}>${(rows) => html`<${Card} title="Reports" flush=${rows.length > 0} note=${rows.length ? `${count(rows.length)} kept` : ""}>
      ${rows.length ? html`<${Reports} agent=${agent} rows=${rows} />` : html`<p class="soft">No report is kept yet.</p><${Command} text=${`agent report --journal ${agent} --days 7 --keep`} />`}<//>`}<//>
  </div>`;
}

function Gate({ of: found }) {
  return html`<${Card} title="Gate" note=${html`<${Time} at=${found.since} shape="minute" /> to <${Time} at=${found.until} shape="minute" />`}>
    <div class="acts" data-verdict=${found.verdict}><${Badge} kind=${VERDICTS[found.verdict] ?? "quiet"}>${found.verdict}<//><b>${found.next_step}</b></div>
    ${!found.allows_live && html`<p class="small">A live session makes no entry on this verdict; what is held is protected and sold all the same.</p>`}
    ${Object.entries(AREAS).map(([area, title]) => html`<h3 class="apart" key=${area}>${title}</h3><${Rules} title=${title} rows=${found.rows.filter((row) => row.area === area)} />`)}<//>`;
}

const Rules = ({ title, rows }) => html`<${Table} caption=${title} rows=${rows} id=${(row) => row.rule} columns=${[
  { name: "rule", title: "Rule", head: true, cell: (row) => html`<span title=${row.meaning}>${words(row.rule)}</span>` },
  { name: "stands", title: "Stands", cell: (row) => html`<${Badge} kind=${STANDINGS[row.standing] ?? "quiet"}>${row.standing}<//>` },
  { name: "measured", title: "Measured", cell: (row) => html`${row.measured ?? "not known"}${row.standing !== "pass" && row.why && html`<div class="soft small phone">${row.why}</div>`}` },
  { name: "limit", title: "Limit", cell: (row) => row.limit },
  { name: "why", title: "Why", wide: true, cell: (row) => html`<span class="small">${[row.why, row.power].filter(Boolean).join("; ")}</span>` },
]} />`;

const Reports = ({ agent, rows }) => html`<${Table} caption="reports that are kept" rows=${rows} id=${(row) => row.name} columns=${[
  { name: "period", title: "Period", head: true, cell: (row) => html`<a href=${url(`agents/${part(agent)}/reports/${part(row.name)}/page`)} target="_blank" rel="noopener"><${Time} at=${row.since} shape="minute" /> to <${Time} at=${row.until} shape="minute" /></a>` },
  { name: "profit", title: "Profit", num: true, cell: (row) => html`<${Signed} value=${row.profit} places=${2} />` },
  { name: "earned", title: "Return", num: true, cell: (row) => html`<${Share} value=${row.earned} />` },
  { name: "trades", title: "Trades", num: true, cell: (row) => count(row.trades) },
]} />`;
