// An agent's state in one word, and the tone it is shown in.

/** Gravest first: died, halted, killed, stopped, paused, runs. */
export function mood(row) {
  const kinds = (row.alarms ?? []).map((alarm) => alarm.kind);
  if (kinds.includes("dead")) return "died";
  if (kinds.includes("halted")) return "halted";
  if (row.kill_switch !== null) return "killed";
  if (!row.running) return "stopped";
  return row.paused ? "paused" : "runs";
}

export function tone(row) {
  return { died: "bad", halted: "bad", killed: "bad", stopped: "quiet", paused: "wait", runs: "good" }[mood(row)];
}
