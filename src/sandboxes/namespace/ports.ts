/** Connections from the agent to ports inside a sandbox: nothing leads there but these sockets, which are made in its network. */
import type { Duplex } from "node:stream";
import { errnoOf, YardError } from "../../platform/errors.ts";
import { type Address, connectWithin } from "../../platform/process/stream-sockets.ts";
import { listenersOn } from "./listeners.ts";

export interface Ports extends Disposable {
  /** @throws {YardError} unavailable, if nothing listens there; too_many */
  dial(port: number): Promise<Duplex>;
}

const loopbacks: readonly Address[] = [
  [127, 0, 0, 1],
  [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
];
/** Each is a descriptor of the agent. */
const mostConnections = 1_024;
/** Nobody is there: another address may do. */
const isElsewhere = new Set(["ECONNREFUSED", "EADDRNOTAVAIL", "EAFNOSUPPORT", "ENETUNREACH", "EHOSTUNREACH"]);

/** @param network a descriptor of the namespace. Disposing breaks all connections off: each of them keeps the network alive. */
export function createPorts(network: number): Ports {
  const open = new Set<Duplex>();
  let dialling = 0;

  async function connect(port: number): Promise<Duplex> {
    for (const address of loopbacks) {
      const socket = await attempt(network, address, port);
      if (socket) return socket;
    }
    // It may listen on an address of its own alone.
    for (const address of listenersOn(network, port)) {
      const socket = await attempt(network, address, port);
      if (socket) return socket;
    }
    throw new YardError("unavailable", `Nothing listens on port ${port} in the sandbox.`, { field: "port" });
  }

  return {
    async dial(port) {
      if (open.size + dialling >= mostConnections) {
        throw new YardError("too_many", `The sandbox has ${mostConnections} connections from here already.`);
      }
      dialling++;
      try {
        const socket = await connect(port);
        open.add(socket);
        socket.once("close", () => open.delete(socket));
        return socket;
      } finally {
        dialling--;
      }
    },
    [Symbol.dispose]() {
      for (const socket of open) socket.destroy();
    },
  };
}

async function attempt(network: number, address: Address, port: number): Promise<Duplex | undefined> {
  try {
    return await connectWithin(network, address, port);
  } catch (error) {
    const errno = errnoOf(error);
    if (errno !== undefined && isElsewhere.has(errno)) return undefined;
    throw new YardError("unavailable", `Port ${port} in the sandbox does not answer (${errno ?? String(error)}).`, {
      cause: error,
      field: "port",
    });
  }
}
