/** A Docker engine that has what a test says, for tests of what is done with it: behind a socket, as a real one. */
import { createServer, type Server, type ServerResponse } from "node:http";
import { join } from "node:path";
import { temporaryDirectory } from "../../src/platform/testing/temporary-directory.ts";

export interface FakeEngine extends AsyncDisposable {
  readonly socketPath: string;
  /** From now on it takes what is asked and never answers; or is there again, as after a restart. */
  hang(isHanging: boolean): void;
  /** Connections that are open now. */
  connections(): Promise<number>;
}

export interface FakeContainer {
  readonly Id: string;
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
}

/** @param further replies, by their paths */
export async function openFakeEngine(
  containers: readonly FakeContainer[],
  further: Readonly<Record<string, unknown>> = {},
): Promise<FakeEngine> {
  const directory = temporaryDirectory();
  const socketPath = join(directory.path, "docker.sock");
  let isHanging = false;
  const unanswered = new Set<ServerResponse>();
  const replies: Readonly<Record<string, unknown>> = {
    "/version": { Version: "24.0.0", ApiVersion: "1.43", Arch: "amd64", Os: "linux" },
    "/info": { ServerVersion: "24.0.0", NCPU: 1, MemTotal: 1, OperatingSystem: "none", Name: "fake", ID: "fake" },
    "/containers/json": containers.map(rowOf),
    ...{ "/images/json": [], "/networks": [], "/volumes": { Volumes: [] } },
    ...further,
  };
  const server = createServer(({ url = "" }, response) => {
    const { pathname, searchParams } = new URL(url, "http://engine");
    const path = pathname.replace(/^\/v[\d.]+/, "");
    if (isHanging) return void unanswered.add(response);
    response.setHeader("content-type", "application/json");
    if (path === "/events" && !searchParams.has("until")) return void response.flushHeaders(); // nothing happens here
    if (path === "/events") return void response.end();
    const reply = replies[path];
    response.statusCode = reply === undefined ? 404 : 200;
    response.end(JSON.stringify(reply ?? { message: `no ${path}` }));
  });
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  return {
    socketPath,
    hang(value) {
      isHanging = value;
      if (isHanging) return;
      for (const { socket } of unanswered) socket?.destroy();
      unanswered.clear();
    },
    connections: () => countOf(server),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await server[Symbol.asyncDispose]();
      directory[Symbol.dispose]();
    },
  };
}

function countOf(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.getConnections((error, count) => (error ? reject(error) : resolve(count)));
  });
}

function rowOf({ Id, name, labels = {} }: FakeContainer) {
  return {
    ...{ Id, Names: [`/${name}`], Image: "busybox", ImageID: "sha256:0", Command: "sleep", Created: 1_700_000_000 },
    ...{ State: "running", Status: "Up 3 hours", Ports: [], Labels: labels, Mounts: [], NetworkSettings: {} },
  };
}
