/** Regular expressions that somebody else has written. One may take for ever over a value (`(a+)+$`), and nothing else would be done meanwhile: so it is run
 *  where the engine itself ends it after a moment. */
import { createContext, Script } from "node:vm";
import { YardError } from "../../platform/errors.ts";

export interface PatternCheck {
  readonly name: string;
  readonly pattern: string;
  readonly value: string;
}

/** For all checks of one template together. */
const mostMs = 100;
/** Only texts go in, and a text comes out: nothing of ours is in reach of it. */
const script = new Script(
  `JSON.stringify(JSON.parse(checks).map(({ pattern, value }) => new RegExp("^(?:" + pattern + ")$", "u").test(value)))`,
);

/** @throws {YardError} invalid, naming a parameter whose value does not match; precondition, of patterns that take too long */
export function requireMatches(checks: readonly PatternCheck[]): void {
  if (checks.length === 0) return;
  const context = createContext({ __proto__: null, checks: JSON.stringify(checks) });
  const matches = run(context);
  const wrong = checks.find((_check, index) => !matches[index]);
  if (wrong) throw new YardError("invalid", `does not match ${wrong.pattern}`, { field: `values.${wrong.name}` });
}

/** @throws {YardError} invalid (`parameters`) */
export function requirePattern(name: string, pattern: string): void {
  try {
    new RegExp(`^(?:${pattern})$`, "u");
  } catch (cause) {
    const message = `the pattern of ${name} is no regular expression`;
    throw new YardError("invalid", message, { field: "parameters", cause });
  }
}

function run(context: ReturnType<typeof createContext>): readonly boolean[] {
  try {
    return JSON.parse(String(script.runInContext(context, { timeout: mostMs })));
  } catch (cause) {
    throw new YardError("precondition", "The patterns of this template take too long: simplify them.", { cause });
  }
}
