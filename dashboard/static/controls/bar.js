// The controls of one agent. What reduces risk is always there and always works, whatever the page knows or does not.

import { html, useState } from "../vendor/preact.js";
import { Button } from "../components.js";
import { COMMANDS } from "./commands.js";
import { CommandDialog } from "./command.js";

/** `row` (AgentRow) may be missing or old: it chooses what is offered first, never whether an exit is. */
export function Controls({ agent, row, onDone }) {
  const [open, setOpen] = useState(null);
  const act = (name, kind = "") => html`<${Button} key=${name} kind=${`${COMMANDS[name].tone ?? ""} ${kind}`} data-control=${name} onClick=${() => setOpen(name)}>${COMMANDS[name].title}<//>`;
  const running = row?.running ?? true;
  const holds = row ? row.positions.length > 0 : true;
  return html`<div class="acts controls" role="group" aria-label=${`controls of ${agent}`}>
    ${!running && act("start")}
    ${running && act(row?.paused ? "unpause" : "pause")}
    ${running && act("stop")}
    ${holds && act("close")}${act("flatten")}${row?.kill_switch ? act("reset-kill") : act("kill")}
    <details class="more"><summary class="btn">More</summary><div class="acts">
      ${row?.kill_switch && act("kill")}${!holds && act("close")}${act("reconcile")}${act("adopt")}${act("write-off")}
    </div></details>
    ${open && html`<${CommandDialog} name=${open} agent=${agent} row=${row} positions=${row?.positions ?? []} onDone=${onDone} onClose=${() => setOpen(null)} />`}
  </div>`;
}
