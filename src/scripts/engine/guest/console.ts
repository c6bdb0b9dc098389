/** `console`: levels, format directives, counters and stopwatches. Every call prints one line (more, where the text has line breaks). */
import type { BeginOptions, GuestParts } from "./guest-host.ts";

export function installConsole({ inspect, printLine }: GuestParts): (options: BeginOptions) => void {
  const stringify = JSON.stringify;
  const now = performance.now.bind(performance);
  const counts = new Map<string, number>();
  const started = new Map<string, number>();
  let asJson = false;

  function show(value: unknown): string {
    if (typeof value === "string") return value;
    if (!asJson) return inspect(value);
    try {
      return stringify(value) ?? "";
    } catch {
      return String(value);
    }
  }

  /** `%s %d %i %f %o %O %c %%`, when the first argument is a string that has one. What is left over is appended. */
  function format(args: readonly unknown[]): string {
    const [first, ...rest] = args;
    if (asJson || typeof first !== "string" || !/%[sdifoOc%]/.test(first)) return args.map(show).join(" ");
    let used = 0;
    const text = first.replace(/%([sdifoOc%])/g, (directive, kind: string) => {
      if (kind === "%") return "%";
      if (used >= rest.length) return directive;
      const value = rest[used++];
      if (kind === "c") return "";
      if (kind === "s") return typeof value === "object" && value !== null ? inspect(value) : String(value);
      if (kind === "o" || kind === "O") return inspect(value);
      if (typeof value === "symbol") return "NaN";
      return String(kind === "f" ? Number.parseFloat(String(value)) : Number.parseInt(String(value), 10));
    });
    return [text, ...rest.slice(used).map(show)].join(" ");
  }

  const print =
    (prefix: string) =>
    (...args: unknown[]) =>
      printLine(prefix + format(args));
  const log = print("");
  const warn = print("[WARN] ");
  const error = print("[ERROR] ");
  const labelOf = (label: unknown) => (label === undefined ? "default" : String(label));

  function elapsed(label: unknown, rest: readonly unknown[]): string | undefined {
    const since = started.get(labelOf(label));
    if (since === undefined) {
      warn(`Timer '${labelOf(label)}' does not exist`);
      return undefined;
    }
    const text = `${labelOf(label)}: ${Math.round((now() - since) * 1000) / 1000}ms`;
    return rest.length === 0 ? text : `${text} ${format(rest)}`;
  }

  const methods = {
    log,
    debug: log,
    trace: log,
    info: print("[INFO] "),
    warn,
    error,
    dir: (value: unknown) => log(value),
    dirxml: log,
    table: log,
    group: (...label: unknown[]) => {
      if (label.length > 0) log(...label);
    },
    groupCollapsed: (...label: unknown[]) => {
      if (label.length > 0) log(...label);
    },
    groupEnd() {},
    clear() {},
    count(label?: unknown) {
      const count = (counts.get(labelOf(label)) ?? 0) + 1;
      counts.set(labelOf(label), count);
      printLine(`${labelOf(label)}: ${count}`);
    },
    countReset(label?: unknown) {
      if (!counts.delete(labelOf(label))) warn(`Count for '${labelOf(label)}' does not exist`);
    },
    assert(condition?: unknown, ...args: unknown[]) {
      if (condition) return;
      const [first, ...rest] = args;
      if (args.length === 0) error("Assertion failed");
      else if (typeof first === "string") error(`Assertion failed: ${first}`, ...rest);
      else error("Assertion failed:", ...args);
    },
    time(label?: unknown) {
      if (started.has(labelOf(label))) warn(`Timer '${labelOf(label)}' already exists`);
      else started.set(labelOf(label), now());
    },
    timeLog(label?: unknown, ...args: unknown[]) {
      const text = elapsed(label, args);
      if (text !== undefined) printLine(text);
    },
    timeEnd(label?: unknown) {
      const text = elapsed(label, []);
      if (text !== undefined) printLine(text);
      started.delete(labelOf(label));
    },
  };
  Object.defineProperty(methods, Symbol.toStringTag, { value: "console", configurable: true });
  Object.defineProperty(globalThis, "console", { value: methods, writable: true, configurable: true });

  return (options) => {
    asJson = options.format === "json";
    started.clear(); // their clock began anew
  };
}
