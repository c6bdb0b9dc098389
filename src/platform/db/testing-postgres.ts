/** A private PostgreSQL for the tests of one process: made on first use, in a temporary directory, reached through a Unix socket in
 *  there only, and gone with the process, however that ends. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, existsSync, mkdtempSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import pg from "pg";
import { until } from "../testing/until.ts";

/** Debian keeps the servers out of PATH, one directory for each version. */
const debianRoot = "/usr/lib/postgresql";

/** Where `initdb` and `postgres` are, newest version first; undefined: not installed. */
export function findPostgres(): string | undefined {
  const versions = existsSync(debianRoot) ? readdirSync(debianRoot).sort((a, b) => Number(b) - Number(a)) : [];
  const directories = [
    ...versions.map((version) => join(debianRoot, version, "bin")),
    ...(process.env.PATH ?? "").split(":"),
  ];
  return directories.find((directory) => existsSync(join(directory, "initdb")));
}

export interface TestPostgres extends AsyncDisposable {
  /** Of a database that is already there, by name. */
  url(database: string): string;
  /** Runs one statement as the server's superuser, outside of any transaction. */
  administer(statement: string): Promise<void>;
  /** Ends the server at once: by `INT` it tells its clients, by `QUIT` it just goes, as in a crash. */
  halt(signal?: "INT" | "QUIT"): Promise<void>;
  /** Again, on the same data. */
  start(): Promise<void>;
}

/** The shell makes the cluster and outlives us if we are killed: when its input ends, it stops the server and deletes the directory. Until
 *  then its input is orders, one in a line: `INT` and `QUIT` end the server, `start` starts it again. Without fsync nothing is synced: tests' databases need
 *  not survive a power cut. */
const script = `
bin=$1 dir=$2 fsync=$3 buffers=$4
serve() {
  "$bin/postgres" -D "$dir/data" -c listen_addresses= -c unix_socket_directories="$dir" -c fsync="$fsync" -c max_connections=100 \\
    -c shared_buffers="$buffers" -c dynamic_shared_memory_type=mmap </dev/null >>"$dir/log" 2>&1 &
  server=$!
}
if "$bin/initdb" --pgdata "$dir/data" --username runyard --auth trust --encoding UTF8 --locale C.UTF-8 --no-sync >"$dir/log" 2>&1; then
  serve
  while read -r order; do
    if [ "$order" = start ]; then serve; else kill "-$order" "$server"; wait "$server"; fi
  done
  kill -INT "$server" || cat "$dir/log" >&2
  wait "$server"
else
  cat "$dir/log" >&2
fi
rm -rf "$dir"
`;

/** @param isDurable each commit is synced, and memory is as it comes: for measuring */
export async function startPostgres(binaries: string, { isDurable = false } = {}): Promise<TestPostgres> {
  const directory = mkdtempSync(join(tmpdir(), "runyard-postgres-"));
  const user = unprivilegedUser();
  if (user !== undefined) chownSync(directory, user.uid, user.gid);
  const shell = spawn(
    "/bin/sh",
    ["-c", script, "sh", binaries, directory, ...(isDurable ? ["on", "128MB"] : ["off", "16MB"])],
    {
      ...user,
      cwd: directory,
      stdio: ["pipe", "ignore", "pipe"],
      detached: true, // a Ctrl-C for the tests must not end it before its cleaning up
    },
  );
  const complaints = text(shell.stderr);
  const exited = once(shell, "exit");
  const url = (database: string) => `postgres:///${database}?host=${encodeURIComponent(directory)}&user=runyard`;
  const stop = async () => {
    shell.ref(); // whoever waits for the end has to be there for it
    shell.stdin.end();
    await exited;
  };
  try {
    await until(() => (shell.exitCode === null ? answers(url("postgres")) : Promise.reject(new Error("it ended"))), {
      timeoutMs: 60_000,
      what: "the tests' PostgreSQL answers",
    });
  } catch (error) {
    await stop();
    throw new Error(`The tests' PostgreSQL did not start. ${await complaints}`, { cause: error });
  }
  // Tests that never touch it again must be able to end: what ends it is the end of our input to it.
  shell.unref();
  return {
    url,
    administer: (statement) => administer(url("postgres"), statement),
    async halt(signal = "INT") {
      shell.stdin.write(`${signal}\n`);
      await until(async () => !(await answers(url("postgres"))), { what: "the tests' PostgreSQL is gone" });
    },
    async start() {
      shell.stdin.write("start\n");
      await until(() => answers(url("postgres")), { timeoutMs: 30_000, what: "the tests' PostgreSQL answers again" });
    },
    [Symbol.asyncDispose]: stop,
  };
}

/** PostgreSQL refuses to run as root; its package brings this user. */
function unprivilegedUser(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag: string) => Number(execFileSync("id", [flag, "postgres"], { encoding: "utf8" }));
  return { uid: id("-u"), gid: id("-g") };
}

async function answers(url: string): Promise<boolean> {
  return administer(url, "select 1").then(
    () => true,
    () => false,
  );
}

async function administer(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on("error", () => {}); // a server that goes tells its clients; what was asked for says the rest
  try {
    await client.connect();
    await client.query(statement);
  } finally {
    await client.end();
  }
}
