// Every page of the dashboard, in the order of the rail: one module each, loaded when it is first shown.
// `agent: true`: the page is about one agent, which is chosen in the bar (query `agent`).

export const PAGES = [
  { name: "overview", path: "/", title: "Overview", group: "Watch", load: () => import("./pages/overview.js") },
  { name: "agent", path: "/agents/:agent", title: "Agent", group: "Watch", agent: true, load: () => import("./pages/agent.js") },
  { name: "decisions", path: "/decisions", title: "Decisions", group: "Watch", agent: true, load: () => import("./pages/decisions.js") },
  { name: "trades", path: "/trades", title: "Trades and lessons", group: "Watch", agent: true, load: () => import("./pages/trades.js") },
  { name: "research", path: "/research", title: "Research", group: "Work", load: () => import("./pages/research.js") },
  { name: "parameters", path: "/parameters", title: "Parameters", group: "Work", agent: true, load: () => import("./pages/parameters.js") },
  { name: "worth", path: "/worth", title: "Gate and reports", group: "Work", agent: true, load: () => import("./pages/worth.js") },
  { name: "alerts", path: "/alerts", title: "Alerts", group: "Keep", load: () => import("./pages/alerts.js") },
  { name: "journal", path: "/journal", title: "Journal", group: "Keep", agent: true, load: () => import("./pages/journal.js") },
  { name: "settings", path: "/settings", title: "Settings", group: "Keep", agent: true, load: () => import("./pages/settings.js") },
  { name: "jobs", path: "/jobs", title: "Jobs", group: "Keep", load: () => import("./pages/jobs.js") },
  { name: "log", path: "/log", title: "Log", group: "Keep", load: () => import("./pages/log.js") },
  { name: "doctor", path: "/doctor", title: "Doctor", group: "Keep", load: () => import("./pages/doctor.js") },
];

export const LOGIN = { name: "login", path: "/login", title: "Sign in", load: () => import("./pages/login.js") };
