// The controls of one agent, each in a place of its own that nothing that happens takes from it: a finger on its way to
// one must not meet another. What reduces risk is always there and always works, whatever the page knows or does not.

import { html, useState } from "../vendor/preact.js";
import { Button } from "../components.js";
import { COMMANDS } from "./commands.js";
import { CommandDialog } from "./command.js";

/** `row` (AgentRow) may be missing or old: it chooses which of start, pause and go on is offered, nothing else. */
export function Controls({ agent, row, onDone }) {
  const [open, setOpen] = useState(null);
  const act = (name, kind = "") => html`<${Button} key=${name} kind=${`${COMMANDS[name].tone ?? ""} ${kind}`} data-control=${name} onClick=${() => setOpen(name)}>${COMMANDS[name].title}<//>`;
  const running = row?.running ?? true;
  return html`<div class="acts controls" role="group" aria-label=${`controls of ${agent}`}>
    <span class="slot">${running ? act(row?.paused ? "unpause" : "pause") : act("start")}</span>
    ${act("stop")}${act("close")}${act("flatten")}${act("kill")}
    <details class="more"><summary class="btn">More</summary><div class="acts">
      ${act("reconcile")}${act("adopt")}${act("write-off")}
    </div></details>
    ${row?.kill_switch && act("reset-kill")}
    ${open && html`<${CommandDialog} name=${open} agent=${agent} row=${row} positions=${row?.positions ?? []} onDone=${onDone} onClose=${() => setOpen(null)} />`}
  </div>`;
}
