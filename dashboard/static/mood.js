// An agent's state in one word, and the tone it is shown in.

/** Whether an agent has no journal yet: its process has just begun. */
export const starting = (row) => row?.state === "STARTING";

/** Gravest first: died, halted, killed, starting, stopped, paused, runs. */
export function mood(row) {
  const kinds = (row.alarms ?? []).map((alarm) => alarm.kind);
  if (kinds.includes("dead")) return "died";
  if (kinds.includes("halted")) return "halted";
  if (row.kill_switch !== null) return "killed";
  if (starting(row)) return "starting";
  if (!row.running) return "stopped";
  return row.paused ? "paused" : "runs";
}

export function tone(row) {
  return { died: "bad", halted: "bad", killed: "bad", starting: "wait", stopped: "quiet", paused: "wait", runs: "good" }[mood(row)];
}
