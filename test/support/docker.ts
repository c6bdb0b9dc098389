/** A real Docker engine for tests, with images, containers and networks of its own: dockerd in its own mount, pid and network namespaces, so that whatever it
 *  or its containers leave behind ends with them. It reaches no registry, and nobody. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { accessSync, closeSync, constants, mkdtempSync, openSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { openEngine } from "../../src/platform/docker/engine.ts";
import { enterNamespace } from "../../src/platform/process/thread-namespaces.ts";
import { skipUnless } from "../../src/platform/testing/parts.ts";
import { until } from "../../src/platform/testing/until.ts";

export interface TestDocker extends AsyncDisposable {
  readonly socketPath: string;
  /** Of a process in the engine's own network namespace. */
  readonly pid: number;
  /** SIGTERM, and wait for the end of the engine and, with it, of its containers. */
  stop(): Promise<void>;
  /** Again, with the images and containers it had. */
  start(): Promise<void>;
  /** From now on this process, and what it starts, are in the engine's own network, where a yard can set the rules for its containers. */
  enterNetwork(): Disposable;
  /** SIGSTOP and SIGCONT. */
  freeze(): Promise<AsyncDisposable>;
}

export function skipWithoutDocker(): string | false {
  const isRoot = process.geteuid?.() === 0;
  const present = isRoot && ["dockerd", "unshare", "busybox"].every((program) => find(program) !== undefined);
  return skipUnless(present, "a Docker engine to start", "as root, apt-get install docker.io busybox-static");
}

function find(program: string): string | undefined {
  const directories = [...(process.env.PATH ?? "").split(delimiter), "/usr/bin", "/usr/sbin", "/sbin"];
  return directories
    .map((directory) => join(directory, program))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** The first process of the pid namespace: at its end, which follows that of its input, the kernel ends all others. */
const script = `
directory=$1 parent=$2
start() {
  dockerd --data-root "$directory/data" --exec-root "$directory/exec" --pidfile "$directory/pid" -H "unix://$directory/docker.sock" \\
    --bridge none --cgroup-parent "$parent" --ip6tables=false >>"$directory/log" 2>&1 </dev/null &
  engine=$!
}
ip link set lo up
while read -r word; do
  case $word in
    start) start ;;
    stop) kill "$engine"; wait "$engine" ;;
    *) kill -s "$word" "$engine" ;;
  esac
  echo "$word"
done
kill -s CONT "$engine" 2>/dev/null
kill "$engine" 2>/dev/null
(sleep 30; kill -s KILL "$engine") 2>/dev/null & # one that hangs in its own ending must not hang the tests
wait "$engine"
`;

/** Outside of these namespaces: deletes what they leave in the file system and among the control groups, also if the tests are killed. */
const outerScript = `
directory=$1 parent=$2
unshare --mount --pid --net --fork --kill-child --mount-proc --propagation private sh -c "$3" sh "$directory" "$parent"
rm -rf "$directory"
find /sys/fs/cgroup -depth -type d -path "*$parent*" -exec rmdir {} + 2>/dev/null
`;

function childOf(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, "latin1").trim().split(" ")[0]);
}

function enterNetworkOf(pid: number): Disposable {
  const home = openSync("/proc/thread-self/ns/net", "r");
  const network = openSync(`/proc/${pid}/ns/net`, "r");
  enterNamespace("net", network);
  closeSync(network);
  return {
    [Symbol.dispose]() {
      enterNamespace("net", home);
      closeSync(home);
    },
  };
}

export async function startDocker(): Promise<TestDocker> {
  const directory = mkdtempSync(join(tmpdir(), "runyard-docker-"));
  const socketPath = join(directory, "docker.sock");
  const parent = `/runyard-test-${directory.slice(-6)}`;
  const shell = spawn("/bin/sh", ["-c", outerScript, "sh", directory, parent, script], {
    stdio: ["pipe", "pipe", "inherit"],
    detached: true, // a Ctrl-C for the tests must not end it before its cleaning up
  });
  const exited = once(shell, "exit");
  let isStopped = true;

  async function tell(word: string): Promise<void> {
    const answered = once(shell.stdout, "data");
    shell.stdin.write(`${word}\n`);
    await answered;
  }
  async function start(): Promise<void> {
    await tell("start");
    isStopped = false;
    await using engine = openEngine({ socketPaths: [socketPath] });
    const answers = () =>
      engine.version().then(
        () => true,
        () => false,
      );
    await until(answers, { timeoutMs: 60_000, what: "the tests' Docker engine answers" });
  }
  await start();
  const pid = childOf(shell.pid ?? 0);
  return {
    socketPath,
    pid,
    start,
    enterNetwork: () => enterNetworkOf(pid),
    async stop() {
      if (!isStopped) await tell("stop");
      isStopped = true;
    },
    async freeze() {
      await tell("STOP");
      return { [Symbol.asyncDispose]: () => tell("CONT") };
    },
    async [Symbol.asyncDispose]() {
      shell.stdin.end();
      await exited;
    },
  };
}
