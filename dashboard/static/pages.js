// Every page of the dashboard, in the order of the rail: one module each, loaded when it is first shown.
// `agent: true`: the page is about one agent, which is chosen in the bar (query `agent`).

export const PAGES = [
  { name: "overview", path: "/", title: "Overview", group: "Watch", load: () => import("./pages/overview.js") },
];

export const LOGIN = { name: "login", path: "/login", title: "Sign in", load: () => import("./pages/login.js") };
