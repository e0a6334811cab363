// What stands in a page's place while the agent it is about is not there: none at all, not this one, or not yet.

import { html, useEffect, useState } from "./vendor/preact.js";
import { Ago, Button, Dot, Empty } from "./components.js";
import { BeginAgent } from "./controls/begin.js";
import { CommandDialog } from "./controls/command.js";
import { begun, rowsDue, useCell } from "./store.js";
import { mood, tone } from "./mood.js";

const EVERY_MS = 1000;
const PATIENT_MS = 60_000;

/** A home without an agent: what to do next, on every page. */
export const NoAgent = () => html`<div class="card" data-absent="all"><${Empty} title="No agent has left a journal in this home yet."
  command="agent run --mode paper">Start one on paper; it appears here by itself.<//><div class="body acts"><${BeginAgent} /></div></div>`;

/** An agent that is not in this home, and those that are. */
export const Absent = ({ agent, rows }) => html`<div class="card" data-absent=${agent}><div class="empty"><b>There is no agent ${agent} in this home.</b>
  <p>There ${rows.length === 1 ? "is" : "are"}:</p></div><ul class="body lines">${rows.map((row) => html`<li key=${row.agent}><${Dot} kind=${tone(row)} hollow=${!row.running} />
    <a href=${`/agents/${encodeURIComponent(row.agent)}`}>${row.agent}</a> <span class="soft">${mood(row)}</span></li>`)}</ul></div>`;

/** An agent whose process has begun and whose journal is not there yet; it may be told to stop. */
export function Starting({ agent, row }) {
  const since = useCell(begun)[agent];
  const [stopping, setStopping] = useState(false);
  const halted = row?.supervised?.halted;
  useEffect(() => {
    const timer = setInterval(() => {
      rowsDue.write((n) => n + 1);
      if (since && Date.now() - since > PATIENT_MS) begun.write(({ [agent]: _, ...rest }) => rest);
    }, EVERY_MS);
    return () => clearInterval(timer);
  }, [agent, since]);
  return html`<div class="card" data-absent=${agent} data-starting>
    <div class="empty" role="status"><b>${agent} ${halted ? "did not start." : "is starting."}</b>
      <p>${halted ?? html`Its process has begun and its journal is not there yet; this takes some seconds. The page opens by itself.`}</p>
      ${row?.supervised?.restarts > 0 && html`<p class="soft small">Begun again ${row.supervised.restarts} times${row.supervised.next_start && html`; next <${Ago} at=${row.supervised.next_start} />`}. Why it ended stands in the <a href="/log">log</a>.</p>`}</div>
    ${row && html`<div class="body acts"><${Button} data-control="stop" onClick=${() => setStopping(true)}>Stop<//></div>`}
    ${stopping && html`<${CommandDialog} name="stop" agent=${agent} row=${row} onClose=${() => setStopping(false)} />`}
  </div>`;
}
