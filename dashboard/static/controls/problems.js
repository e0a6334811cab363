// What a refusal says of the fields of a form: one that names several problems has a line for each.

import { spoken } from "../format.js";

/** The problems of a refusal: [{ field, text }], the field as the line begins with it, "" where it names none. */
export function problemsOf(error) {
  if (!error) return [];
  const lines = error.message.split("\n").map(spoken).filter(Boolean);
  const problems = lines.map((text) => ({ field: /^[A-Za-z][\w.-]*/.exec(text)?.[0] ?? "", text }));
  return error.field && problems.length === 1 ? [{ field: spoken(error.field), text: problems[0].text }] : problems;
}

const last = (name) => name.split(".").at(-1);
const isOf = (problem, name) => problem.field === name || last(problem.field) === last(name);

/** What a refusal says of a field, null for nothing; `rest` are all other fields of the form, whose problems are theirs. */
export function wrongOf(error, name, rest = null) {
  const dotted = (problem) => problem.field.includes(".") && !rest.some((each) => isOf(problem, each));
  const own = problemsOf(error).filter((problem) => isOf(problem, name) || (rest && dotted(problem)));
  return own.length > 0 ? own.map(({ text }) => text).join("; ") : null;
}
