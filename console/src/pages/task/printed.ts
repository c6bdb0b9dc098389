/** What a running task prints, piece by piece, as lines of a log: bytes may come in the middle of a character, and from two outputs in turn. */
import type { Reply } from "../../api/operations.ts";
import type { LogStore } from "../../components/log/log-store.ts";

export type Printed = Pick<Reply<"GET /yard/v1/tasks/{uuid}/output">, "stdout" | "stderr">;

/** As text on the standard error is shown. */
export function asErrors(text: string): string {
  return text.replaceAll(/[^\n]+/g, (line) => `\x1b[31m${line}\x1b[39m`);
}

const names = ["stdout", "stderr"] as const;
type Name = (typeof names)[number];

export interface Printer {
  /** Positions to ask for next. */
  readonly next: Readonly<Record<Name, number>>;
  print(printed: Printed): void;
}

export function createPrinter(store: Pick<LogStore, "append" | "clear">): Printer {
  const next: Record<Name, number> = { stdout: 0, stderr: 0 };
  let decoders = newDecoders();
  /** Whose line has not ended yet. */
  let open: Name | undefined;

  function add(name: Name, text: string): void {
    if (text === "") return;
    if (open !== undefined && open !== name) store.append("\n");
    store.append(name === "stderr" ? asErrors(text) : text);
    open = text.endsWith("\n") ? undefined : name;
  }

  /** A task that has begun anew, at another worker, prints from its beginning. */
  function beginAnew(): void {
    store.clear();
    decoders = newDecoders();
    open = undefined;
  }

  return {
    next,
    print(printed) {
      const isAnew = (name: Name) => printed[name].bytes !== "" && printed[name].position < next[name];
      if (names.some(isAnew)) beginAnew();
      for (const name of names) {
        const { position, bytes: encoded } = printed[name];
        if (encoded === "") continue;
        if (position > next[name]) add(name, "…\n"); // what came before is gone
        const bytes = Uint8Array.from(atob(encoded), (letter) => letter.charCodeAt(0));
        next[name] = position + bytes.length;
        add(name, decoders[name].decode(bytes, { stream: true }));
      }
    },
  };
}

const newDecoders = () => ({ stdout: new TextDecoder(), stderr: new TextDecoder() });
