/** Machines that join a yard: `runyard agent --join` as a process of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { LocalYard } from "../../src/client/local-yard.ts";
import { temporaryDirectory } from "../../src/platform/testing/temporary-directory.ts";
import { until } from "../../src/platform/testing/until.ts";
import { checkoutLauncher } from "./home.ts";

export interface JoinedAgent extends AsyncDisposable {
  /** As the API spells it by which it was added. */
  readonly wireId: string;
  readonly directory: string;
  readonly pid: number;
  /** All that it has said so far. */
  said(): string;
  /** Resolves with its exit code once it is gone. */
  end(signal: NodeJS.Signals): Promise<number | null>;
  /** Starts it again, without the token by which it has joined. */
  start(): Promise<void>;
  /** Resolves with its exit code, when it ends by itself. */
  ended(): Promise<number | null>;
}

export interface Joining {
  /** What the new host is. */
  readonly body?: Readonly<Record<string, unknown>>;
  /** Runs it there: a command that runs another one. */
  readonly inside?: readonly string[];
  /** Where it reaches the yard. */
  readonly url?: string;
  /** By which it was added already. */
  readonly invitation?: { readonly id: string; readonly token: string };
  /** Further ones. */
  readonly args?: readonly string[];
}

/** Calls Wrenn's API with the key of the yard's own machine. */
export async function askYard<T>(yard: Pick<LocalYard, "url" | "token">, method: string, path: string, body?: unknown) {
  const reply = await fetch(`${yard.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${yard.token}`, "content-type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
    signal: AbortSignal.timeout(60_000),
  });
  const text = await reply.text();
  return { status: reply.status, text, json: (text === "" ? undefined : JSON.parse(text)) as T };
}

async function addHost(yard: Pick<LocalYard, "url" | "token">, body: Joining["body"] = { type: "regular" }) {
  const added = await askYard<{ host: { id: string }; registration_token: string }>(yard, "POST", "/v1/hosts", body);
  if (added.status !== 201) throw new Error(`no host could be added: ${added.text}`);
  return { id: added.json.host.id, token: added.json.registration_token };
}

/** Adds a host and starts an agent that becomes it; its directory goes with it. Resolves once it is connected. */
export async function joinYard(yard: Pick<LocalYard, "url" | "token">, joining: Joining = {}): Promise<JoinedAgent> {
  const { inside = [], url = yard.url, args: further = [] } = joining;
  const { id: wireId, token } = joining.invitation ?? (await addHost(yard, joining.body));
  await using opened = new AsyncDisposableStack();
  const directory = opened.use(temporaryDirectory()).path;
  const data = join(directory, "host");
  let child: ChildProcess;
  let said = "";

  async function start(token: readonly string[] = []): Promise<void> {
    // Whatever becomes of the test, the agent ends soon after its yard.
    const args = ["agent", "--join", url, "--data", data, "--orphan-after", "60s", ...further, ...token];
    const [program = process.execPath, ...rest] = [...inside, process.execPath, checkoutLauncher, ...args];
    child = spawn(program, rest, { stdio: ["ignore", "ignore", "pipe"] });
    const mark = said.length;
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
    const isConnected = () => {
      if (child.exitCode !== null) throw new Error(`the agent ended with ${child.exitCode}: ${said}`);
      return said.includes("Connected to", mark);
    };
    await until(isConnected, { what: "the agent is connected", timeoutMs: 60_000 });
  }

  const ended = async (): Promise<number | null> => {
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    return child.exitCode;
  };
  const end = (signal: NodeJS.Signals) => {
    child.kill(signal);
    return ended();
  };

  opened.defer(async () => void (await end("SIGINT")));
  await start(["--token", token]);
  const lifetime = opened.move();
  return {
    ...{ wireId, directory: data, end, ended },
    get pid() {
      return child.pid ?? 0;
    },
    said: () => said,
    start: () => start(),
    [Symbol.asyncDispose]: () => lifetime.disposeAsync(),
  };
}
