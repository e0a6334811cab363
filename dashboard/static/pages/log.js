// The log's end: by level, by text, and followed.

import { html, useEffect, useRef, useState } from "../vendor/preact.js";
import { Answered, Card, Choice, Input, Select } from "../components.js";
import { count, time } from "../format.js";
import { useQuery } from "../router.js";
import { useAnswer, useCell, zone } from "../store.js";

const LEVELS = [["", "all"], ["debug", "debug and above"], ["info", "info and above"], ["warning", "warning and above"], ["error", "error and above"]];
const TONES = { warning: "wait", warn: "wait", error: "down", critical: "down", exception: "down" };
const EVERY_MS = 1500;

export default function Log() {
  const [query, setQuery] = useQuery();
  const [text, setText] = useState(query.text ?? "");
  const follow = query.follow !== "no";
  const answer = useAnswer("log", { lines: query.lines ?? "300", level: query.level }, { every: follow ? EVERY_MS : 0 });
  const fits = (line) => !text || `${line.text} ${JSON.stringify(line.fields ?? {})}`.toLowerCase().includes(text.toLowerCase());
  return html`<${Card} title="Log" flush note="secrets are taken out before it is written">
    <div class="filters" style=${{ padding: "0 .8rem .7rem" }}>
      <${Select} label="Level" value=${query.level ?? ""} options=${LEVELS} onChange=${(level) => setQuery({ level })} />
      <${Input} label="Text" type="search" value=${text} onChange=${(value) => { setText(value); setQuery({ text: value }); }} />
      <${Select} label="Lines" value=${query.lines ?? "300"} options=${["100", "300", "1000"].map((each) => [each, each])} onChange=${(lines) => setQuery({ lines })} />
      <${Choice} label="follow" value=${follow ? "yes" : "no"} options=${[["yes", "follow"], ["no", "stand still"]]} onChange=${(value) => setQuery({ follow: value === "no" ? "no" : null })} />
    </div>
    <${Answered} of=${answer} empty=${{ when: (lines) => lines.length === 0, title: "The log is empty.", command: "agent run --mode paper", text: "An agent writes here as soon as it runs." }}>
      ${(lines) => html`<${Lines} lines=${lines.filter(fits)} of=${lines.length} text=${text} follow=${follow} />`}<//><//>`;
}

function Lines({ lines, of, text, follow }) {
  const box = useRef(null);
  const chosen = useCell(zone);
  useEffect(() => { if (follow && box.current) box.current.scrollTop = box.current.scrollHeight; }, [lines, follow]);
  return html`<p class="soft small" style=${{ padding: "0 .8rem .3rem" }} role="status">${count(lines.length)} of ${count(of)} lines${text ? ` have \u201c${text}\u201d` : ""}</p>
    <ol class="log" ref=${box} tabindex="0" aria-label="log lines">${lines.map((line, k) => html`<li key=${k} data-level=${line.level}>
      <span class="soft">${time(line.at, "second", chosen)}</span><span class=${TONES[line.level?.toLowerCase()] ?? "soft"}>${line.level}</span>
      <span class="text"><${Marked} text=${line.text} find=${text} /> <span class="soft">${Object.entries(line.fields ?? {}).filter(([name, value]) => value !== "" && value !== "{}" && !(name === "file" && value === "agent.log")).map(([name, value]) => `${name}=${value}`).join(" ")}</span></span></li>`)}</ol>`;
}

function Marked({ text, find }) {
  const at = find ? text.toLowerCase().indexOf(find.toLowerCase()) : -1;
  if (at < 0) return text;
  return html`${text.slice(0, at)}<mark>${text.slice(at, at + find.length)}</mark>${text.slice(at + find.length)}`;
}
