/** Stands between a yard and its Docker engine: a change that the yard asks for is done, and then kept from it. A yard that is killed at that moment has done
 *  something that it knows nothing of. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse, request as send } from "node:http";
import { join } from "node:path";
import { temporaryDirectory } from "../../src/platform/testing/temporary-directory.ts";

export interface EngineGate extends AsyncDisposable {
  /** In place of the engine's own. */
  readonly socketPath: string;
  /** Has a stack's change of that number, counted from now and from 1, done and not answered for. Resolves when it is done. */
  hold(stack: string, change: number): Promise<void>;
  /** Holds nothing any more: what was not answered for breaks off. */
  release(): void;
}

interface Hold {
  /** Changes until then. */
  left: number;
  readonly done: () => void;
}

/** @param stackOf whose a container, network or volume of that name is, if it is one's */
export async function openEngineGate(
  enginePath: string,
  stackOf: (name: string) => string | undefined,
): Promise<EngineGate> {
  await using opened = new AsyncDisposableStack();
  const socketPath = join(opened.use(temporaryDirectory()).path, "gate.sock");
  const stackOfId = new Map<string, string>();
  const holds = new Map<string, Hold>();
  const heldBack = new Set<ServerResponse>();

  /** @returns the stack that is changed */
  function changed({ method, url = "" }: IncomingMessage, body: Buffer): string | undefined {
    if (method === "GET") return undefined;
    const { pathname, searchParams } = new URL(url, "http://engine");
    const [, , , word = ""] = pathname.split("/"); // /v1.41/containers/ID/start, /v1.41/containers/create
    const name = word === "create" ? (searchParams.get("name") ?? nameIn(body)) : word;
    return stackOfId.get(name) ?? stackOf(name);
  }

  /** @returns whether it is the one that is not answered for */
  function isHeld(stack: string, reply: ServerResponse): boolean {
    const hold = holds.get(stack);
    if (hold === undefined || --hold.left !== 0) return false;
    heldBack.add(reply);
    hold.done();
    return true;
  }

  const server = createServer(async (request, reply) => {
    const body = Buffer.concat(await request.toArray());
    const stack = changed(request, body);
    const { method, url, headers } = request;
    const forwarded = send({ socketPath: enginePath, method, path: url, headers });
    forwarded.on("error", () => reply.destroy());
    reply.once("close", () => forwarded.destroy());
    forwarded.on("response", async (answer) => {
      const { statusCode = 500, rawHeaders } = answer;
      if (stack === undefined) return void answer.pipe(reply.writeHead(statusCode, rawHeaders));
      const text = Buffer.concat(await answer.toArray());
      stackOfId.set(idIn(text), stack);
      if (!isHeld(stack, reply)) reply.writeHead(statusCode, rawHeaders).end(text);
    });
    forwarded.end(body);
  });
  server.listen(socketPath);
  await once(server, "listening");
  opened.defer(() => {
    server.close();
    server.closeAllConnections();
  });
  const lifetime = opened.move();
  return {
    socketPath,
    hold(stack, change) {
      const { promise, resolve: done } = Promise.withResolvers<void>();
      holds.set(stack, { left: change, done });
      return promise;
    },
    release() {
      for (const reply of heldBack) reply.destroy();
      heldBack.clear();
      holds.clear();
    },
    [Symbol.asyncDispose]: () => lifetime.disposeAsync(),
  };
}

function nameIn(body: Buffer): string {
  return /"Name":"([^"]+)"/.exec(body.toString())?.[1] ?? "";
}

/** By which what was made goes from then on. */
function idIn(reply: Buffer): string {
  return /^\{"Id":"([0-9a-f]+)"/.exec(reply.toString())?.[1] ?? "";
}
