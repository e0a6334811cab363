// The parameters of an agent's strategies: every version with what it rests on, applied or rolled back.

import { html, useState } from "../vendor/preact.js";
import { Answered, Badge, Button, Card, Field, Time } from "../components.js";
import { CommandDialog } from "../controls/command.js";
import { count, percent, plain } from "../format.js";
import { part } from "../api.js";
import { rowOf, useAnswer } from "../store.js";

export default function Parameters({ agent }) {
  const versions = useAnswer(`agents/${part(agent)}/parameters`, null, { on: rowOf(agent, "parameters_set", "session_started") });
  const [asked, setAsked] = useState(null);
  const close = () => setAsked(null);
  const empty = { when: (rows) => rows.length === 0, title: "No strategy has parameters here yet.", command: `agent run --mode paper --journal ${agent}`, text: "Run the agent once; every strategy it has shows its parameters here." };
  return html`<${Answered} of=${versions} empty=${empty}>${(rows) => html`<div class="stack">
      ${byStrategy(rows).map(([strategy, own]) => html`<${Strategy} key=${strategy} name=${strategy} rows=${own}
        onApply=${() => setAsked({ name: "parameters", strategy, given: textOf(active(own)?.parameters) })}
        onBack=${(row) => setAsked({ name: "rollback", strategy, version: row.version })} />`)}
    </div>`}<//>
    ${asked?.name === "parameters" && html`<${ApplyDialog} agent=${agent} asked=${asked} onDone=${versions.again} onClose=${close} />`}
    ${asked?.name === "rollback" && html`<${CommandDialog} name="rollback" title=${`Roll ${asked.strategy} back to version ${asked.version}`} agent=${agent}
      body=${() => ({ version: asked.version, strategy: asked.strategy })} onDone=${versions.again} onClose=${close} />`}`;
}

function byStrategy(rows) {
  const found = new Map();
  for (const row of rows) found.set(row.strategy, [...(found.get(row.strategy) ?? []), row]);
  return [...found].map(([strategy, own]) => [strategy, own.sort((a, b) => b.version - a.version)]);
}

const active = (rows) => rows.find((row) => row.active);
const textOf = (values = {}) => Object.entries(values).map(([name, value]) => `${name}=${value}`).join("\n");

function Strategy({ name, rows, onApply, onBack }) {
  const now = active(rows);
  return html`<${Card} title=${name} flush note=${`${count(rows.length)} ${rows.length === 1 ? "version" : "versions"}`} side=${html`<${Button} data-apply=${name} onClick=${onApply}>Apply\u2026<//>`}>
    <ol class="versions">${rows.map((row) => html`<li key=${row.version} data-version=${row.version}>
      <div class="acts"><b>version ${row.version}</b>
        ${row.active && html`<${Badge} kind="good">in force<//>`}${row.forced && html`<${Badge} kind="wait">forced<//>`}
        ${row.rolled_back_to !== null && row.rolled_back_to !== undefined && html`<${Badge} kind="quiet">back to ${row.rolled_back_to}<//>`}
        <span class="soft small">${row.at ? html`<${Time} at=${row.at} shape="minute" /> by ${row.by}` : "what the settings say"}</span>
        <span style=${{ flex: 1 }}></span>
        ${!row.active && html`<${Button} data-back=${row.version} onClick=${() => onBack(row)}>Roll back to it\u2026<//>`}</div>
      <p class="values">${Object.entries(row.parameters).map(([key, value]) => html`<span key=${key}><span>${key}</span> ${changed(row, now, key) ? html`<b>${String(value)}</b>` : String(value)}</span>`)}</p>
      ${row.reason && html`<p class="small">${row.reason}</p>`}
      <${EvidenceLine} of=${row.evidence} version=${row.version} />
    </li>`)}</ol><//>`;
}

const changed = (row, now, key) => now && row !== now && String(now.parameters[key]) !== String(row.parameters[key]);

/** What a version rests on, beside what was in force when it was measured; luck on the same line. */
export function EvidenceLine({ of: given, version }) {
  if (!given) return version === 0 ? null : html`<p class="soft small">No evidence was given.</p>`;
  return html`<p class="small figure" style=${{ whiteSpace: "normal" }}>
    <span class="soft">evidence, ${given.source || "a study"}:</span> Sharpe ${plain(given.in_sample_sharpe, 2)} in sample, <b>${plain(given.out_of_sample_sharpe, 2)} out of sample</b>
    <span class="soft"> (before: ${plain(given.present_in_sample_sharpe, 2)} and ${plain(given.present_out_of_sample_sharpe, 2)})</span>,
    ${count(given.trials)} trials, deflated Sharpe ${plain(given.deflated_sharpe, 2)}, probability of overfitting ${percent(given.pbo, { digits: 0 })}</p>`;
}

/** Parameters of `asked.strategy` put in force: typed, or those of a file of evidence, or of a piece of work (`asked.work`). */
export function ApplyDialog({ agent, asked, onDone, onClose }) {
  const more = (given, set, wrong) => html`
    <${Field} label="Parameters, a name=value a line" wrong=${wrong("given") ?? wrong("parameters")} hint="Those not named stay as they are.">${(id) => html`
      <textarea id=${id} name="given" spellcheck=${false} value=${given.given} onInput=${(event) => set({ given: event.target.value })}></textarea>`}<//>
    ${asked.work ? html`<p class="small">Evidence: what this work found. Empty parameters take it.</p>` : html`<${Field} label="Evidence (the file of --evidence-out)" wrong=${wrong("evidence")} hint=${given.file ?? "Empty parameters take the evidence's."}>${(id) => html`
      <input id=${id} type="file" accept=".json,application/json" onChange=${(event) => readEvidence(event.target.files[0], set)} />`}<//>`}
    <label class="check"><input type="checkbox" name="force" checked=${given.force ?? false} onChange=${(event) => set({ force: event.target.checked })} />
      <span>Force: put them in force although the evidence is not enough</span></label>`;
  return html`<${CommandDialog} name="parameters" title=${`Apply parameters of ${asked.strategy}`} agent=${agent} given=${{ given: asked.given, evidence: asked.evidence ?? null }} more=${more}
    body=${(given) => ({ strategy: asked.strategy, given: valuesOf(given.given), evidence: asked.work ? null : given.evidence, work: asked.work ?? null, force: given.force ?? false })} onDone=${onDone} onClose=${onClose} />`;
}

async function readEvidence(file, set) {
  if (!file) return;
  try {
    const evidence = JSON.parse(await file.text());
    set({ evidence, given: "", file: `${file.name} is read: its parameters are taken.` });
  } catch (_) {
    set({ evidence: null, file: `${file.name} is not JSON.` });
  }
}

/** Lines of name=value as JSON values: numbers and true/false as such, the rest as text. */
export function valuesOf(text) {
  const pairs = text.split("\n").map((line) => line.trim()).filter(Boolean).map((line) => {
    const [name, ...rest] = line.split("=");
    const value = rest.join("=").trim();
    const plainValue = /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : { true: true, false: false }[value] ?? value;
    return [name.trim(), plainValue];
  });
  return Object.fromEntries(pairs);
}
