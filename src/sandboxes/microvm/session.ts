/** A machine that runs, and the connection to it. The connection is there as long as the machine lets us in: one that was lost (the agent was restarted, its SSH
 *  server was killed) is made anew when it is next needed. */
import { YardError } from "../../platform/errors.ts";
import { beResumed } from "./birth.ts";
import type { Machine } from "./machine.ts";
import { type Connection, type Keys, openConnection } from "./ssh.ts";
import { createTransport, type Transport } from "./transport.ts";

/** What outlives a machine while it is paused. */
export interface Line extends Disposable {
  readonly transport: Transport;
  readonly connection: Connection;
}

export interface Session {
  readonly machine: Machine;
  /** @throws {YardError} unavailable */
  connection(): Promise<Connection>;
  /** The one that is open now, if no byte of it is on its way any more. Nothing is sent after that. */
  quiesce(): Promise<Line | undefined>;
  /** Takes that back. */
  release(): void;
  /** Gives it up. */
  close(): void;
}

const quiesceWithinMs = 2_000;

/** @param line from before a pause */
export function createSession(machine: Machine, keys: Keys, line?: Line): Session {
  let current = line;
  let opening: Promise<Line> | undefined;

  async function open(): Promise<Line> {
    try {
      return await openLine(machine, keys);
    } catch {
      // It may have been hung, or killed: the serial port starts another one.
      if (!machine.isAlive()) throw new YardError("unavailable", "The machine has ended.");
      await beResumed(machine, keys);
      return openLine(machine, keys);
    }
  }

  return {
    machine,
    async connection() {
      if (current?.connection.isOpen()) return current.connection;
      opening ??= open().finally(() => {
        opening = undefined;
      });
      current = await opening;
      return current.connection;
    },
    async quiesce() {
      const quiet = await current?.transport.quiesce({ timeoutMs: quiesceWithinMs });
      return quiet && current?.connection.isOpen() ? current : undefined;
    },
    release: () => current?.transport.release(),
    close() {
      current?.[Symbol.dispose]();
      current = undefined;
    },
  };
}

async function openLine(machine: Machine, keys: Keys): Promise<Line> {
  const transport = createTransport();
  transport.attach(await machine.connect("ssh"));
  try {
    const connection = await openConnection(transport.stream, keys);
    return {
      transport,
      connection,
      [Symbol.dispose]() {
        connection[Symbol.dispose]();
        transport.stream.destroy();
      },
    };
  } catch (error) {
    transport.stream.destroy();
    throw error;
  }
}
