/** Ours: a yard as a user runs it, started as a process with a fresh data directory and default settings, and reached
 *  through its public HTTP API alone. */
import { randomBytes } from "node:crypto";
import { open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { endDaemons } from "./children.ts";
import type { Bench } from "./figure.ts";
import { type Answer, type Call, createHttpClient, type HttpClient } from "./http-client.ts";
import { compileCache, runyardBin } from "./paths.ts";
import { pidsByArgument } from "./processes.ts";
import { openTemporaryDirectory } from "./temporary.ts";
import { until } from "./waiting.ts";

export interface Yard extends AsyncDisposable {
  readonly url: string;
  readonly authorization: string;
  /** The control plane. */
  readonly serverPid: number;
  /** The host's agent, which runs the apps. */
  readonly agentPid: number;
  readonly client: HttpClient;
  /** As the administrator. @throws {Error} unless the answer is 2xx */
  call(method: Call["method"], path: string, body?: unknown, headers?: Call["headers"]): Promise<Answer>;
}

export interface YardOptions {
  /** A module that is loaded into the control plane's process before the yard's own code. */
  readonly preload?: string;
  /** Most requests at once. Default 16. */
  readonly connections?: number;
  /** More of the command line, where the default settings are not what is measured. */
  readonly settings?: readonly string[];
}

export async function openYard(
  bench: Bench,
  { preload, connections = 16, settings = [] }: YardOptions = {},
): Promise<Yard> {
  await using opened = new AsyncDisposableStack();
  const directory = opened.use(await openTemporaryDirectory(bench, "yard"));
  const data = join(directory.path, "data");
  const password = randomBytes(12).toString("hex");
  const logPath = join(directory.path, "log");
  const log = opened.use(await open(logPath, "a"));
  const imports = preload === undefined ? [] : ["--import", preload];
  // Should this process be killed outright, the agent ends what it runs and then itself.
  const serve = ["serve", "--data", data, "--listen", "127.0.0.1:0", "--orphan-after", "60s", ...settings];
  const server = bench.children.start(process.execPath, [...imports, runyardBin, ...serve], {
    cwd: directory.path,
    // Compiled code is kept from one start to the next, as for any user after the first start.
    env: {
      PATH: process.env.PATH,
      HOME: directory.path,
      XDG_CACHE_HOME: compileCache,
      RUNYARD_ADMIN_PASSWORD: password,
      RUNYARD_EXAMPLES: "false",
    },
    stdio: ["ignore", log.fd, log.fd],
  });
  opened.defer(async () => {
    await server.stop("SIGINT", 30_000); // as Ctrl-C: the agent and all that it runs end with the server
    await endDaemons(directory.path, 1_000); // unless the server failed to
  });

  const patience = { timeoutMs: 30_000, everyMs: 50, signal: bench.signal };
  const url = await until("the yard's address", patience, () => addressOf(data, server.process.exitCode, logPath));
  const client = opened.use(createHttpClient(url, connections, bench.signal));
  await until("the yard to be ready", patience, () =>
    client.call({ method: "GET", path: "/readyz" }).catch(() => undefined),
  );
  const agentPid = await until("the agent", patience, () => pidsByArgument(data).find((pid) => pid !== server.pid));

  const authorization = await login(client, password);
  const lifetime = opened.move();
  return {
    url,
    authorization,
    serverPid: server.pid,
    agentPid,
    client,
    call: (method, path, body, headers) => client.call({ method, path, body, headers, authorization }),
    [Symbol.asyncDispose]: () => lifetime.disposeAsync(),
  };
}

/** The server writes where it listens for clients of the same machine, once it does. */
async function addressOf(data: string, exitCode: number | null, logPath: string): Promise<string | undefined> {
  if (exitCode !== null)
    throw new Error(`the yard ended with ${exitCode} instead of serving:\n${await readFile(logPath, "utf8")}`);
  try {
    const local: { url: string } = JSON.parse(await readFile(join(data, "local.json"), "utf8"));
    return local.url;
  } catch {
    return undefined; // not written yet
  }
}

async function login(client: HttpClient, password: string): Promise<string> {
  const basic = `Basic ${Buffer.from(`admin:${password}`).toString("base64")}`;
  const answer = await client.call({ method: "POST", path: "/appmesh/login", authorization: basic });
  const token: { access_token: string } = JSON.parse(answer.body.toString());
  return `Bearer ${token.access_token}`;
}
