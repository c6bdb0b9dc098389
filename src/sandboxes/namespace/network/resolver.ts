/** Answers the sandboxes' questions about names, by handing them on to the servers that the host itself asks (`/etc/resolv.conf`), wherever those are:
 *  on its loopback, in its private network, over IPv6. So no such address has to be opened to a sandbox. What a name leads to is of no
 *  interest here: addresses are let through or not, whatever they are called.
 *
 *  Its sockets lie in the router's namespace, where nobody but sandboxes comes; it asks from the host's. */
import { randomInt } from "node:crypto";
import { createSocket, type Socket as UdpSocket } from "node:dgram";
import { readFileSync } from "node:fs";
import { connect, createServer, isIPv6, type Socket } from "node:net";
import { after } from "../../../platform/timers.ts";

export interface NameServer {
  readonly address: string;
  readonly port: number;
}

export interface ResolverOptions {
  /** Descriptors of bound sockets, taken over. */
  readonly sockets: { readonly datagrams: number; readonly connections: number };
  /** Asked in this order. */
  readonly servers?: () => readonly NameServer[];
  /** For one server's answer. */
  readonly patienceMs?: number;
}

/** At a time: of one sandbox, so that it cannot keep the others from being answered, and of all. */
const bounds = { questions: { each: 64, all: 1_024 }, connections: { each: 8, all: 256 } };
const idleMs = 10_000;
const headerBytes = 12;

export function openResolver(options: ResolverOptions): AsyncDisposable {
  const { sockets, servers = hostNameServers, patienceMs = 2_000 } = options;
  const questions = createBound(bounds.questions);
  const connections = createBound(bounds.connections);
  const open = new Set<Disposable>();

  const datagrams = createSocket("udp4");
  datagrams.on("error", () => {}); // an answer that could not be sent is asked for again
  datagrams.on("message", async (question, from) => {
    using place = questions.enter(from.address);
    if (!place || question.length < headerBytes) return;
    const answer = await ask(question);
    if (answer && !isClosed) datagrams.send(answer, from.port, from.address);
  });
  datagrams.bind({ fd: sockets.datagrams });

  /** @returns undefined, if no server has answered */
  async function ask(question: Buffer): Promise<Buffer | undefined> {
    for (const server of servers()) {
      const answer = await askOne(question, server);
      if (answer || isClosed) return answer;
    }
    return undefined;
  }

  /** From a port and under a number of their own, so that nobody can answer in the server's place. */
  async function askOne(question: Buffer, server: NameServer): Promise<Buffer | undefined> {
    const { promise, resolve } = Promise.withResolvers<Buffer | undefined>();
    const number = randomInt(0x10000);
    const numbered = Buffer.from(question);
    numbered.writeUInt16BE(number, 0);
    using socket = holdOpen(createSocket(isIPv6(server.address) ? "udp6" : "udp4"), () => resolve(undefined));
    using _limit = after(patienceMs, () => resolve(undefined));
    socket.on("error", () => resolve(undefined));
    socket.on("message", (answer) => {
      if (answer.length < headerBytes || answer.readUInt16BE(0) !== number) return;
      answer.writeUInt16BE(question.readUInt16BE(0), 0);
      resolve(answer);
    });
    socket.once("connect", () => socket.send(numbered)); // from then on nobody else's packets arrive
    socket.connect(server.port, server.address);
    return await promise;
  }

  function holdOpen(socket: UdpSocket, onClosed: () => void): UdpSocket & Disposable {
    const entry = { [Symbol.dispose]: onClosed };
    open.add(entry);
    return Object.assign(socket, {
      [Symbol.dispose]() {
        open.delete(entry);
        socket.close();
      },
    });
  }

  const streams = createServer((from) => {
    const place = connections.enter(from.remoteAddress ?? "");
    const [server] = servers();
    if (!place || !server) return void from.destroy();
    const to = connect(server.port, server.address);
    const ends: readonly Socket[] = [from, to];
    const entry = { [Symbol.dispose]: () => from.destroy() };
    open.add(entry);
    for (const end of ends) {
      end.setTimeout(idleMs, () => end.destroy());
      end.on("error", () => {}); // whatever it is, both are closed
      end.on("close", () => {
        for (const other of ends) other.destroy();
        open.delete(entry);
        place[Symbol.dispose]();
      });
    }
    from.pipe(to).pipe(from);
  });
  streams.on("error", () => {});
  streams.listen({ fd: sockets.connections });

  let isClosed = false;
  return {
    async [Symbol.asyncDispose]() {
      isClosed = true;
      for (const one of [...open]) one[Symbol.dispose]();
      const closed = new Promise((resolve) => void streams.close(resolve));
      datagrams.close();
      await closed;
    },
  };
}

function createBound({ each, all }: { each: number; all: number }) {
  const held = new Map<string, number>();
  let total = 0;
  return {
    /** @returns undefined when there is no room */
    enter(who: string): Disposable | undefined {
      const count = held.get(who) ?? 0;
      if (count >= each || total >= all) return undefined;
      held.set(who, count + 1);
      total++;
      let isIn = true;
      return {
        [Symbol.dispose]() {
          if (!isIn) return;
          isIn = false;
          total--;
          const left = (held.get(who) ?? 1) - 1;
          if (left === 0) held.delete(who);
          else held.set(who, left);
        },
      };
    },
  };
}

const mostServers = 3; // as the C library has it

/** Read for each question: it is a small file in memory, and changes when a laptop changes networks. */
function hostNameServers(): NameServer[] {
  let text = "";
  try {
    text = readFileSync("/etc/resolv.conf", "utf8");
  } catch {
    // The host has no names.
  }
  const found = [...text.matchAll(/^nameserver\s+(\S+)/gm)].map(([, address = ""]) => ({ address, port: 53 }));
  return found.slice(0, mostServers);
}
