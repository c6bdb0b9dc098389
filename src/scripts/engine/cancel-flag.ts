/** How an engine that is busy learns that its execution is cancelled: it polls a number in a file that both processes have open. A pipe would not do: the
 *  process reads its pipe between two steps of a script, and an endless loop has no next step. The file has no name any more, and is
 *  never longer than the number. */
import { closeSync, openSync, readSync, unlinkSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { randomText } from "../../platform/ids.ts";

export interface CancelFlag extends Disposable {
  /** To be handed to the child as its third descriptor. */
  readonly descriptor: number;
  /** Execution numbers grow: all up to this one are cancelled. */
  cancel(execution: number): void;
}

/** Where the child finds it. */
export const cancelFlagDescriptor = 3;
const numberBytes = 4;

export function openCancelFlag(): CancelFlag {
  const path = join(tmpdir(), `runyard-engine-${randomText(26)}`);
  const descriptor = openSync(path, "wx+", 0o600);
  unlinkSync(path);
  const number = Buffer.alloc(numberBytes);
  writeSync(descriptor, number, 0, numberBytes, 0);
  return {
    descriptor,
    cancel(execution) {
      number.writeUInt32LE(execution);
      writeSync(descriptor, number, 0, numberBytes, 0);
    },
    [Symbol.dispose]: () => closeSync(descriptor),
  };
}

/** In the child. */
export function readCancelFlag(): number {
  const number = Buffer.alloc(numberBytes);
  readSync(cancelFlagDescriptor, number, 0, numberBytes, 0);
  return number.readUInt32LE();
}
