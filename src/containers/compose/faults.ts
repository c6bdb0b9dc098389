/** What is wrong with the files of a stack, gathered: whoever mends them wants to hear of everything at once. */
import { relative } from "node:path";
import { YardError } from "../../platform/errors.ts";
import type { ComposeFault } from "./project.ts";
import type { Place } from "./source-tree.ts";

export interface Faults {
  add(place: Partial<Place> & Pick<Place, "path">, message: string): void;
  /** @throws {ComposeError} if there are any */
  throwIfAny(): void;
}

/** As many as anybody reads. */
const mostShown = 50;

/** The files cannot be what a stack is made of. The message names every fault with its place, one in a line. */
export class ComposeError extends YardError {
  readonly faults: readonly ComposeFault[];

  constructor(stack: string, faults: readonly ComposeFault[]) {
    const shown = faults.slice(0, mostShown).map(describeFault);
    const more = faults.length > mostShown ? [`… and ${faults.length - mostShown} more`] : [];
    super("precondition", [`The files of the stack ${stack} are not right:`, ...shown, ...more].join("\n"));
    this.faults = faults;
  }
}

function describeFault({ file, line, column, path, message }: ComposeFault): string {
  const place = [file, line, column].filter((part) => part !== undefined).join(":");
  const what = path === "" ? message : `${path} ${message}`;
  return place === "" ? what : `${place}: ${what}`;
}

/** @param directory of the stack, which the files are named from */
export function createFaults({ stack, directory }: { readonly stack: string; readonly directory: string }): Faults {
  const found: ComposeFault[] = [];
  const seen = new Set<string>(); // an anchor's fault shows at every alias of it

  return {
    add({ path, file, line, column }, message) {
      const inDirectory = file !== undefined && { file: relative(directory, file), line, column };
      const fault = { path, message, ...inDirectory };
      const text = describeFault(fault);
      if (!seen.has(text)) found.push(fault);
      seen.add(text);
    },
    throwIfAny() {
      if (found.length > 0) throw new ComposeError(stack, found);
    },
  };
}
