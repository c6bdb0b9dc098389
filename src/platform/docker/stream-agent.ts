/** HTTP over connections that somebody else opens, one request each: for engines that no socket of this machine leads to. */
import { Agent } from "node:http";
import type { Duplex } from "node:stream";

/** Opens a connection. */
export type Connect = () => Promise<Duplex>;

export function createStreamAgent(connect: Connect): Agent {
  return new StreamAgent(connect);
}

class StreamAgent extends Agent {
  readonly #connect: Connect;

  constructor(connect: Connect) {
    super({ keepAlive: false });
    this.#connect = connect;
  }

  override createConnection(_options: unknown, done?: (error: Error | null, stream: Duplex) => void): undefined {
    this.#connect().then(
      (stream) => done?.(null, stream),
      (error: Error) => done?.(error, undefined as never),
    );
  }
}
