// The dialog of a command: says what it will do, asks the reason (and a typed word where it cannot be taken back), sends
// it once however often it is pressed, and tells what really happened, in the agent's own words.

import { html, useEffect, useRef, useState } from "../vendor/preact.js";
import { newKey, part, post } from "../api.js";
import { announce, Button, Command, Dialog, Field, TITLES } from "../components.js";
import { spoken } from "../format.js";
import { COMMANDS } from "./commands.js";

/**
 * A command to `agent`. `positions` (PositionAnswer) is what can be closed, `given` sets fields beforehand, `more(given,
 * set, wrong)` draws fields of its own, `body(given)` replaces the command's; `onDone(reply)` after it was carried out.
 */
export function CommandDialog({ name, agent, row, positions = row?.positions ?? [], given: before = {}, more, body, onDone, onClose, title }) {
  const command = COMMANDS[name];
  const [given, setGiven] = useState(() => ({ ...initial(command, positions), ...before }));
  const [state, setState] = useState({ phase: "asked" });
  const key = useRef(newKey());
  const sent = useRef(false);
  const set = (change) => setGiven((old) => ({ ...old, ...change }));
  const lacks = lacking(command, given);

  async function send(event) {
    event?.preventDefault();
    if (sent.current || lacks) return;
    sent.current = true;
    setState({ phase: "sent", at: Date.now() });
    try {
      const own = body ? body(given) : command.body?.(given) ?? {};
      const reply = await post(`agents/${part(agent)}/${command.path}`, { reason: given.reason ?? "", key: key.current, ...own }, key.current);
      setState({ phase: "done", reply });
      announce(command.told(reply)[0]);
      onDone?.(reply);
    } catch (error) {
      sent.current = false;
      // Refused: what is sent next is another command. Unanswered: it may have been carried out, so it stays the same one.
      if (error.status >= 400 && error.status < 500) key.current = newKey();
      setState({ phase: "failed", error });
    }
  }

  return html`<${Dialog} title=${`${title ?? command.title}: ${agent}`} onClose=${onClose}>
    ${state.phase === "done"
      ? html`<${Told} command=${command} reply=${state.reply} onClose=${onClose} />`
      : html`<form class="stack" onSubmit=${send} data-command=${name} novalidate>
          <p>${command.says}</p>
          ${command.warns?.(row) && html`<p class="shout wait" data-warns><b>On paper</b><span>${command.warns(row)}</span></p>`}
          ${(command.fields ?? []).map((field) => html`<${Asked} key=${field.name} field=${field} positions=${positions} value=${given[field.name] ?? ""} set=${(value) => set({ [field.name]: value })} wrong=${wrongOf(state.error, field.name)} />`)}
          ${more?.(given, set, (field) => wrongOf(state.error, field))}
          <${Reason} command=${command} value=${given.reason ?? ""} set=${(value) => set({ reason: value })} wrong=${wrongOf(state.error, "reason")} />
          ${command.word && html`<${Word} word=${command.word} value=${given.word ?? ""} set=${(value) => set({ word: value })} />`}
          ${state.error && html`<${Refusal} error=${state.error} cli=${command.cli?.(agent)} />`}
          <div class="acts">
            <button class=${`btn main-act ${command.tone ?? ""}`} data-send aria-disabled=${String(Boolean(lacks))} aria-describedby="lacks">
              ${state.phase === "sent" ? html`<${Sent} since=${state.at} />` : state.error?.status === 0 ? "Send it again" : command.act}</button>
            <${Button} kind="plain" onClick=${onClose}>${state.phase === "sent" ? "Close, it goes on" : "Cancel"}<//>
            <span id="lacks" class="soft small" role="status">${lacks ?? ""}</span>
          </div>
        </form>`}
  <//>`;
}

function initial(command, positions) {
  const values = {};
  for (const field of command.fields ?? []) values[field.name] = field.initial ?? (field.of === "positions" ? positions[0]?.symbol ?? "" : "");
  return values;
}

/** What is still to be given, in words; null where nothing is. A reason is never lacking for an exit. */
function lacking(command, given) {
  for (const field of command.fields ?? []) if (field.required && !String(given[field.name] ?? "").trim()) return `${field.label}: not given`;
  if (command.needsReason && !(given.reason ?? "").trim()) return "A reason is needed: it goes into the journal.";
  if (command.word && (given.word ?? "").trim().toLowerCase() !== command.word) return `Type \u201c${command.word}\u201d to go on.`;
  return null;
}

const wrongOf = (error, name) => (error?.field && (error.field === name || error.field.endsWith(`.${name}`)) ? [spoken(error.message), error.limit && `limit ${error.limit}`].filter(Boolean).join(", ") : null);

function Asked({ field, positions, value, set, wrong }) {
  if (field.of === "positions" && positions.length > 0) {
    return html`<${Field} label=${field.label} wrong=${wrong}>${(id) => html`<select id=${id} name=${field.name} onChange=${(event) => set(event.target.value)}>
      ${positions.map((held) => html`<option key=${held.symbol} value=${held.symbol} selected=${held.symbol === value}>${held.symbol}, ${held.quantity} held</option>`)}</select>`}<//>`;
  }
  if (field.of) {
    return html`<${Field} label=${field.label} wrong=${wrong}>${(id) => html`<input id=${id} name=${field.name} list="held" autocomplete="off" required value=${value} onInput=${(event) => set(event.target.value)} />
      <datalist id="held">${positions.map((held) => html`<option key=${held.symbol} value=${held.symbol}>${held.quantity}</option>`)}</datalist>`}<//>`;
  }
  return html`<${Field} label=${field.label} hint=${field.hint} wrong=${wrong}>${(id) => html`<div class="acts">
    <input id=${id} name=${field.name} inputmode="decimal" class="short" value=${value} onInput=${(event) => set(event.target.value)} />
    ${field.type === "share" && ["25", "50", "100"].map((each) => html`<${Button} key=${each} aria-pressed=${String(value === each)} onClick=${() => set(each)}>${each} %<//>`)}</div>`}<//>`;
}

const Reason = ({ command, value, set, wrong }) => html`<${Field} label=${command.needsReason ? "Reason" : `Reason (${command.keeps ?? "it goes into the journal"})`} wrong=${wrong}
  hint=${command.exit && !value.trim() ? "Without one the journal says so; it is sent all the same." : null}>
  ${(id) => html`<input id=${id} name="reason" autofocus maxlength="2000" autocomplete="off" value=${value} onInput=${(event) => set(event.target.value)} />`}<//>`;

const Word = ({ word, value, set }) => html`<${Field} label=${html`Type <b>${word}</b> to confirm`}>
  ${(id) => html`<input id=${id} name="word" autocomplete="off" autocapitalize="off" spellcheck=${false} value=${value} onInput=${(event) => set(event.target.value)} />`}<//>`;

/** That it is on its way, and for how long: a flatten takes as long as the venue takes. */
function Sent({ since }) {
  const [seconds, setSeconds] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => setSeconds(Math.floor((Date.now() - since) / 1000)), 1000);
    return () => clearInterval(timer);
  }, [since]);
  return html`Sent, waiting for the agent\u2026${seconds > 0 ? ` ${seconds} s` : ""}`;
}


/** Why it was not carried out: field, value and limit; for what must not wait, the command that needs no page. */
export const Refusal = ({ error, cli }) => html`<div class="failure" role="alert" data-refused=${error.kind || error.status}>
  <b>${TITLES[error.status] ?? "Failed"}</b><p>${spoken(error.message)}</p>
  ${error.field && html`<p class="soft small">${[spoken(error.field), error.value && `given ${error.value}`, error.limit && `limit ${error.limit}`].filter(Boolean).join(", ")}</p>`}
  ${error.status === 0 && html`<p class="soft small">It may have been carried out all the same. Sent again it is the same command, and done once.</p>`}
  ${cli && html`<div><${Command} text=${cli} /></div>`}</div>`;

/** What really happened. */
function Told({ command, reply, onClose }) {
  const end = useRef(null);
  useEffect(() => end.current?.focus(), []);
  const well = command.done ? command.done(reply) : true;
  const [first, ...rest] = command.told(reply);
  return html`<div class="stack" data-told=${well ? "well" : "amiss"}>
    <div class=${`shout ${well ? "good" : "bad"}`} role=${well ? "status" : "alert"}><b>${first}</b></div>
    ${rest.length > 0 && html`<ul class="lines">${rest.map((line) => html`<li key=${line}>${line}</li>`)}</ul>`}
    <details><summary class="soft small">The answer as it came</summary><pre class="answer">${JSON.stringify(reply, null, 2)}</pre></details>
    <div class="acts"><button ref=${end} type="button" class="btn main-act" onClick=${onClose}>Close</button></div>
  </div>`;
}
