// The doctor's checks of this installation, each with what to do where it is not well.

import { html } from "../vendor/preact.js";
import { Answered, Badge, Button, Card, Command } from "../components.js";
import { useAnswer } from "../store.js";

const KINDS = { ok: "good", warn: "wait", fail: "bad" };
const NAMES = { ok: "well", warn: "mind", fail: "amiss" };
const COMMAND = /\bagent (?:(?:run|serve|doctor|status|stop|kill|reset-kill|flatten|close|reconcile|backtest|replay)\b|(?:data|journal|params|config|jobs) [a-z]+)(?: --[a-z-]+(?: [^\s,;.]+)?)*/;
const ORDER = ["fail", "warn", "ok"];

export default function Doctor() {
  const answer = useAnswer("doctor");
  return html`<${Answered} of=${answer}>${(checks) => {
    const found = [...checks].sort((a, b) => ORDER.indexOf(a.level) - ORDER.indexOf(b.level));
    const amiss = checks.filter((each) => each.level === "fail").length;
    const mind = checks.filter((each) => each.level === "warn").length;
    return html`<${Card} title="Doctor" flush note=${amiss ? `${amiss} amiss${mind ? `, ${mind} to mind` : ""}` : mind ? `nothing amiss, ${mind} to mind` : "everything is well"}
      side=${html`<${Button} aria-disabled=${String(answer.loading)} onClick=${answer.again}>${answer.loading ? "Examining\u2026" : "Examine again"}<//>`}>
      <ul class="checks">${found.map((each) => html`<li key=${each.subject} data-level=${each.level}>
        <span><${Badge} kind=${KINDS[each.level] ?? "quiet"}>${NAMES[each.level] ?? each.level}<//></span><b>${each.subject}</b><span class="what">${each.what}</span>
        ${each.remedy && html`<${Remedy} text=${each.remedy} />`}</li>`)}</ul><//>`;
  }}<//>`;
}

/** A remedy; where it names a command, that can be copied. */
function Remedy({ text }) {
  const command = COMMAND.exec(text)?.[0];
  return html`<div class="remedy"><p>${text}</p>${command && html`<${Command} text=${command} />`}</div>`;
}
