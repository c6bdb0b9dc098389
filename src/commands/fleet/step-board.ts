/** Steps of a change as they happen: each that is done stays as a line; at a terminal what is under way stands below them. */
import type { WriteStream } from "node:tty";
import type { StepListener } from "../../client/fleet-steps.ts";
import { inert } from "../../client/inert.ts";
import { after } from "../../platform/timers.ts";

export interface StepBoard extends Disposable {
  readonly tell: StepListener;
  /** Resolves when nothing is under way any more, or nothing was heard of it for a while. */
  quiet(): Promise<void>;
}

const eraseLine = "\r\x1b[K";
/** The answer to a change and the last of its steps take two ways. */
const patienceMs = 500;

/** @param main whose steps need not be told apart */
export function openStepBoard(
  terminal: Pick<WriteStream, "isTTY" | "write"> & { readonly columns?: number },
  main: string,
): StepBoard {
  const underWay = new Set<string>();
  let waiting = Promise.withResolvers<void>();

  function draw(line?: string): void {
    const columns = terminal.columns ?? 80;
    if (terminal.isTTY) terminal.write(eraseLine);
    if (line !== undefined) terminal.write(terminal.isTTY ? `  ${line}\n` : `runyard: ${line}\n`);
    if (terminal.isTTY && underWay.size > 0) terminal.write(`  ${[...underWay].join(", ")} …`.slice(0, columns - 1));
  }

  return {
    tell(stack, text) {
      const step = inert(stack === main ? text : `${stack}: ${text}`);
      const begun = [...underWay].find((one) => step === `${one}: done` || step.startsWith(`${one}: failed: `));
      if (begun === undefined) {
        underWay.add(step);
        return draw();
      }
      underWay.delete(begun);
      draw(step === `${begun}: done` ? begun : step);
      if (underWay.size === 0) waiting.resolve();
    },
    async quiet() {
      if (underWay.size === 0) return;
      waiting = Promise.withResolvers();
      using _limit = after(patienceMs, waiting.resolve);
      await waiting.promise;
    },
    [Symbol.dispose]() {
      underWay.clear();
      if (terminal.isTTY) terminal.write(eraseLine);
    },
  };
}
