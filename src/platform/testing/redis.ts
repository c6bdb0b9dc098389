/** A real Redis for tests: on a free port of the loopback address, in a directory of its own; it keeps nothing on disk. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { createClient } from "redis";
import { freePort } from "./free-port.ts";
import { skipUnless } from "./parts.ts";
import { until } from "./until.ts";

export interface TestRedis extends AsyncDisposable {
  readonly port: number;
  readonly url: string;
  /** SIGKILL, and wait for the end. */
  kill(): Promise<void>;
  /** Again, on the same port and empty. */
  start(): Promise<void>;
  /** SIGSTOP and SIGCONT. */
  freeze(): Disposable;
}

export function skipWithoutRedis(): string | false {
  return skipUnless(findRedis() !== undefined, "Redis", "apt-get install redis-server");
}

function findRedis(): string | undefined {
  return [...(process.env.PATH ?? "").split(delimiter), "/usr/bin", "/usr/sbin"]
    .map((directory) => join(directory, "redis-server"))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** The shell outlives us if we are killed: when its input ends, it stops the server and deletes the directory. */
const script = `
program=$1 port=$2 dir=$3
"$program" --bind 127.0.0.1 --port "$port" --dir "$dir" --save "" --appendonly no --daemonize no >"$dir/log" 2>&1 </dev/null &
server=$!
echo "$server"
read -r _
kill -KILL "$server" 2>/dev/null
wait "$server" 2>/dev/null
rm -rf "$dir"
`;

interface Server {
  readonly pid: number;
  stop(): Promise<void>;
}

export async function startRedis(): Promise<TestRedis> {
  const port = await freePort();
  const url = `redis://127.0.0.1:${port}`;
  let server: Server | undefined;
  const start = async () => {
    server = await startServer(port);
    await until(() => answers(url), { what: "the tests' Redis answers" });
  };
  const kill = async () => {
    await server?.stop();
    server = undefined;
  };
  await start();
  return {
    port,
    url,
    start,
    kill,
    freeze() {
      const { pid } = server!;
      process.kill(pid, "SIGSTOP");
      return { [Symbol.dispose]: () => void process.kill(pid, "SIGCONT") };
    },
    [Symbol.asyncDispose]: kill,
  };
}

async function startServer(port: number): Promise<Server> {
  const program = findRedis();
  if (program === undefined) throw new Error("Redis is not installed: apt-get install redis-server");
  const directory = mkdtempSync(join(tmpdir(), "runyard-redis-"));
  const shell = spawn("/bin/sh", ["-c", script, "sh", program, String(port), directory], {
    cwd: directory,
    stdio: ["pipe", "pipe", "inherit"],
    detached: true, // a Ctrl-C for the tests must not end it before its cleaning up
  });
  const exited = once(shell, "exit");
  const [line] = (await once(shell.stdout, "data")) as [Buffer];
  shell.unref();
  return {
    pid: Number(line.toString().trim()),
    async stop() {
      shell.ref();
      shell.stdin.end();
      await exited;
    },
  };
}

async function answers(url: string): Promise<boolean> {
  const client = createClient({ url, socket: { reconnectStrategy: false } });
  client.on("error", () => {}); // the answer is what connect says
  try {
    await client.connect();
    await client.ping();
    return true;
  } catch {
    return false;
  } finally {
    if (client.isOpen) client.destroy();
  }
}
