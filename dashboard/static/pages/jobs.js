// The jobs of the home: when each is due, how its last runs ended; run now, pause, resume, and what a run printed.

import { html, useState } from "../vendor/preact.js";
import { get, newKey, part, post } from "../api.js";
import { announce, Answered, Badge, Button, Card, Dialog, Failure, Field, Table, Time } from "../components.js";
import { words } from "../format.js";
import { useAnswer } from "../store.js";

const EVERY = 5_000;
const KINDS = { waiting: "good", running: "wait", overdue: "bad", paused: "wait", off: "quiet" };
const ENDS = { done: "good", failed: "bad", missed: "wait", cut_off: "wait" };

export default function Jobs() {
  const held = useAnswer("jobs", null, { every: EVERY });
  const [error, setError] = useState(null);
  const [pausing, setPausing] = useState(null);
  const [open, setOpen] = useState(null);
  async function send(job, what, body = {}) {
    setError(null);
    try {
      await post(`jobs/${part(job.name)}/${what}`, body, newKey());
      announce(`${job.name}: ${{ run: "asked for", pause: "paused", resume: "goes on" }[what]}`);
      held.again();
    } catch (failed) {
      setError(failed);
    }
  }
  const columns = [
    { name: "name", title: "Job", head: true, cell: (job) => html`<b>${job.name}</b><div class="soft small">${job.what}</div>` },
    { name: "state", title: "State", cell: (job) => html`<${Badge} kind=${KINDS[job.state] ?? "quiet"}>${words(job.state)}<//>
      ${job.due && html`<div class="soft small phone">next <${Time} at=${job.due} shape="minute" /></div>`}
      ${job.state === "paused" && html`<div class="soft small">by ${job.paused_by}${job.paused_why && `: ${job.paused_why}`}</div>`}
      ${job.state === "off" && html`<div class="soft small"><code>${job.setting} = true</code> switches it on</div>`}` },
    { name: "schedule", title: "Schedule", wide: true, cell: (job) => html`<code class="nowrap">${job.schedule}</code> <span class="soft">${job.zone}</span>` },
    { name: "due", title: "Next", wide: true, cell: (job) => (job.due ? html`<${Time} at=${job.due} shape="minute" />` : "\u2013") },
    { name: "last", title: "Last run", wide: true, cell: (job) => html`<${Last} run=${job.last} />` },
    { name: "acts", title: "", kind: "row-acts", cell: (job) => html`<div class="acts">
      <${Button} data-run=${job.name} aria-label=${`Run now: ${job.name}`} aria-disabled=${String(job.state === "running")} onClick=${() => job.state !== "running" && send(job, "run")}>Run now<//>
      ${job.state === "paused"
        ? html`<${Button} data-resume=${job.name} aria-label=${`Resume: ${job.name}`} onClick=${() => send(job, "resume")}>Resume<//>`
        : html`<${Button} data-pause=${job.name} aria-label=${`Pause\u2026: ${job.name}`} onClick=${() => setPausing(job)}>Pause\u2026<//>`}
      <${Button} kind="plain" aria-label=${`Runs: ${job.name}`} onClick=${() => setOpen(job)}>Runs<//></div>` },
  ];
  return html`<${Answered} of=${held}>${(jobs) => html`<div class="stack">
    ${error && html`<${Failure} error=${error} />`}
    <${Card} title="Jobs" flush note="done by this server, each once a slot, also after a restart">
      <${Table} caption="jobs" columns=${columns} rows=${jobs} id=${(job) => job.name} /><//>
    ${pausing && html`<${Pause} job=${pausing} onClose=${() => setPausing(null)} onPause=${(reason) => { send(pausing, "pause", { reason }); setPausing(null); }} />`}
    ${open && html`<${Runs} job=${open} onClose=${() => setOpen(null)} />`}
  </div>`}<//>`;
}

const Last = ({ run }) => (run ? html`<${Badge} kind=${ENDS[run.outcome] ?? "wait"}>${words(run.outcome ?? "running")}<//> <${Time} at=${run.slot} shape="minute" />
  ${run.said && html`<div class="soft small">${run.said}</div>`}` : html`<span class="soft">none yet</span>`);

function Pause({ job, onClose, onPause }) {
  const [reason, setReason] = useState("");
  return html`<${Dialog} title=${`Pause: ${job.name}`} onClose=${onClose}>
    <form class="stack" onSubmit=${(event) => { event.preventDefault(); onPause(reason); }} novalidate>
      <p>It is not done until it is resumed, over every restart. What falls into the pause is not made up for.</p>
      <${Field} label="Reason (it is shown until then)">${(id) => html`<input id=${id} name="reason" autofocus maxlength="500" autocomplete="off" value=${reason} onInput=${(event) => setReason(event.target.value)} />`}<//>
      <div class="acts"><button class="btn main-act" data-send>Pause</button><${Button} kind="plain" onClick=${onClose}>Cancel<//></div>
    </form><//>`;
}

/** The latest runs of a job; the output of one, as far as it is kept. */
function Runs({ job, onClose }) {
  const held = useAnswer(`jobs/${part(job.name)}`);
  const [output, setOutput] = useState(null);
  async function show(run) {
    try {
      const answer = await get(`jobs/${part(job.name)}/output`, { slot: run.slot });
      setOutput({ slot: run.slot, text: [answer.said, answer.printed].filter(Boolean).join("\n") || "nothing is kept" });
    } catch (error) {
      setOutput({ slot: run.slot, text: error.message });
    }
  }
  return html`<${Dialog} title=${`Runs: ${job.name}`} onClose=${onClose}><${Answered} of=${held}>${({ runs }) => runs.length === 0
    ? html`<p class="soft">No run yet.</p>`
    : html`<ul class="lines">${runs.map((run) => html`<li key=${run.slot}><${Last} run=${run} /> ${run.by && html`<span class="soft small">asked by ${run.by}</span>`}
      <button type="button" class="btn plain tiny" onClick=${() => show(run)}>output</button>
      ${output?.slot === run.slot && html`<pre class="answer">${output.text}</pre>`}</li>`)}</ul>`}<//><//>`;
}
