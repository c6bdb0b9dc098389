/** Mixed load with a memory: what was acknowledged, what was not, and whether the yard agrees afterwards. */
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import type { AppMesh } from "./appmesh.ts";
import { markVariable } from "./processes.ts";

/** What an app must be, going by the replies. `unknown`: the connection broke in between, either is right. */
type Expected = { readonly description: string; readonly enabled: boolean } | "gone" | "unknown";

export interface MixedLoad {
  readonly acknowledged: number;
  /** Ends the load and returns once no request is under way. */
  stop(): Promise<void>;
  /** Fails unless every acknowledged change is there. */
  verify(api: AppMesh): Promise<void>;
}

/** `clients` loops, each adding, replacing, disabling and deleting apps of its own and running commands, one request at a time. `mark` is in
 *  the environment of all that they start. */
export function startMixedLoad(api: AppMesh, options: { clients: number; mark: string }): MixedLoad {
  const { clients, mark } = options;
  const expected = new Map<string, Expected>();
  const faults: string[] = [];
  let acknowledged = 0;
  let stopping = false;

  const change = async (name: string, method: string, path: string, after: Expected, body?: unknown) => {
    const before = expected.get(name);
    expected.set(name, "unknown"); // until the reply is here
    const reply = await api.request(method, path, { body });
    if (reply.status < 300) {
      acknowledged++;
      expected.set(name, after);
    } else if (reply.status === 503) {
      expected.set(name, "unknown");
    } else {
      faults.push(`${method} ${path}: ${reply.status} ${reply.text}`);
      expected.set(name, before ?? "unknown");
    }
  };

  const runOne = async (number: number) => {
    const code = number % 7;
    const reply = await api.request("POST", "/app/syncrun", {
      body: { command: `echo ${number}; exit ${code}`, shell: true },
    });
    if (reply.status === 503 || reply.status === 417) return;
    acknowledged++;
    if (reply.status !== 200 || reply.headers.get("x-exit-code") !== String(code) || reply.text !== `${number}\n`) {
      faults.push(
        `run ${number}: ${reply.status} code ${reply.headers.get("x-exit-code")} ${JSON.stringify(reply.text)}`,
      );
    }
  };

  const loop = async (client: number) => {
    for (let step = 0; !stopping; step++) {
      const name = `load-${client}-${step % 4}`;
      const description = `step ${step}`;
      try {
        await [
          () => change(name, "PUT", `/app/${name}`, { description, enabled: true }, sleeper(name, description, mark)),
          () =>
            change(
              name,
              "PUT",
              `/app/${name}`,
              { description, enabled: false },
              { ...sleeper(name, description, mark), status: 0 },
            ),
          () => runOne(client * 1_000_000 + step),
          () => (isThere(expected.get(name)) ? change(name, "DELETE", `/app/${name}`, "gone") : runOne(step)),
        ][(step * 7 + client) % 4]!();
      } catch {
        await sleep(20); // the server is away: that is the point
      }
    }
  };

  const loops = Array.from({ length: clients }, (_, client) => loop(client));
  return {
    get acknowledged() {
      return acknowledged;
    },
    stop: async () => {
      stopping = true;
      await Promise.all(loops);
    },
    verify: async (fresh) => {
      assert.deepEqual(faults, []);
      for (const [name, state] of expected) await verifyOne(fresh, name, state);
    },
  };
}

/** Apps that no load touches: `steady` only lives, `counter` prints as well. */
export async function startWatchedApps(api: AppMesh, mark: string): Promise<void> {
  await api.expect("PUT", "/app/steady", { body: sleeper("steady", "", mark) });
  await api.expect("PUT", "/app/counter", {
    body: { name: "counter", shell: true, command: "i=0; while :; do i=$((i+1)); echo $i; sleep 0.005; done" },
  });
}

function sleeper(name: string, description: string, mark: string) {
  return { name, description, command: "sleep 600", env: { [markVariable]: mark } };
}

function isThere(state: Expected | undefined): boolean {
  return state !== undefined && state !== "gone" && state !== "unknown";
}

async function verifyOne(api: AppMesh, name: string, state: Expected): Promise<void> {
  if (state === "unknown") return;
  const reply = await api.request("GET", `/app/${name}`);
  if (state === "gone") return assert.equal(reply.status, 404, `${name} was deleted and is there`);
  assert.equal(reply.status, 200, `${name} was added and is gone: ${reply.text}`);
  const app = reply.json<{ description: string; status: number }>();
  assert.deepEqual({ description: app.description, enabled: app.status === 1 }, state, name);
}
