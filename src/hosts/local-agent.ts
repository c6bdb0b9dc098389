/** This machine's agent: found on its socket, or started. The one place where the control plane starts a process.
 *
 *  The agent is a session of its own and outlives the control plane; nothing here ends it. Whoever wants a connection calls `connect`,
 *  and the connection calls it again whenever it was lost (with its backoff), so a killed agent is started again and never in a storm. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import { connect as dialSocket, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { errnoOf, YardError } from "../platform/errors.ts";
import { openAgentLog } from "./agent-log.ts";
import type { HostLog } from "./log.ts";

export interface LocalAgentParts {
  /** The agent's own directory: its state, its log, its working directory. Made if missing. */
  readonly directory: string;
  readonly socketPath: string;
  /** Program and arguments of an agent that serves `socketPath` and keeps its state in `directory`. */
  readonly command: readonly string[];
  /** The control plane's; only what an agent needs of it is passed on. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly log: HostLog;
}

export interface LocalAgent {
  /** A connection to the agent, which is started if nobody answers.
   *  @throws {YardError} unavailable, if it does not start */
  connect(signal: AbortSignal): Promise<Socket>;
  /** Whether it was started here, and not found running. */
  readonly wasStarted: boolean;
}

/** What a process on this machine needs to find its way; none of the control plane's settings or secrets, nor npm's. The cache of compiled
 *  code is part of it: an agent without it strips types from its own sources, which takes 35 MiB and 0.2 s. */
const passedOn =
  /^(?:PATH|HOME|USER|LOGNAME|SHELL|LANG|LANGUAGE|LC_[A-Z]+|TZ|TMPDIR|XDG_CACHE_HOME|XDG_RUNTIME_DIR|DOCKER_HOST|NODE_COMPILE_CACHE)$/;

/** `sun_path` of unix(7) holds 108 bytes with its final NUL; a longer path would be cut, silently. */
const longestSocketPath = 107;
const startTimeoutMs = 20_000;
const dialAgainMs = 20;

export function createLocalAgent(parts: LocalAgentParts): LocalAgent {
  const { socketPath, log } = parts;
  let child: ChildProcess | undefined;

  async function start(): Promise<ChildProcess> {
    const [program, ...args] = parts.command;
    if (!program) throw new YardError("internal", "there is no command to start the agent with");
    await mkdir(parts.directory, { recursive: true, mode: 0o700 });
    await using output = await openAgentLog(parts.directory);
    const started = spawn(program, args, {
      cwd: parts.directory,
      detached: true, // setsid: no signal of our terminal or service manager's stop reaches it
      env: agentEnvironment(parts.environment),
      stdio: ["ignore", output.fd, output.fd],
    });
    await once(started, "spawn"); // rejects with the error of a program that cannot be run
    started.unref();
    log.info({ pid: started.pid }, "started the agent of this machine");
    return started;
  }

  async function connect(signal: AbortSignal): Promise<Socket> {
    if (Buffer.byteLength(socketPath) > longestSocketPath) {
      throw new YardError(
        "precondition",
        `${socketPath} is too long for a socket: choose a data directory with a shorter path`,
      );
    }
    const running = await dial(socketPath);
    if (running) return running;
    if (!child || hasEnded(child)) child = await start();

    const deadline = performance.now() + startTimeoutMs;
    while (performance.now() < deadline) {
      const socket = await dial(socketPath);
      if (socket) return socket;
      if (hasEnded(child))
        throw new YardError("unavailable", `the agent ended at its start ${howItEnded(child)}; agent.log says why`);
      await delay(dialAgainMs, undefined, { signal });
    }
    throw new YardError(
      "unavailable",
      `the agent does not answer ${startTimeoutMs} ms after its start; agent.log may say why`,
    );
  }

  return {
    connect,
    get wasStarted() {
      return child !== undefined;
    },
  };
}

/** A connected socket, or undefined if nobody listens. Other failures (no permission, a full backlog) do not mean that no agent is there. */
export async function dial(path: string): Promise<Socket | undefined> {
  const socket = dialSocket({ path });
  try {
    await once(socket, "connect");
    return socket;
  } catch (error) {
    socket.destroy();
    const errno = errnoOf(error);
    if (errno === "ENOENT" || errno === "ECONNREFUSED") return undefined;
    throw error;
  }
}

function agentEnvironment(environment: LocalAgentParts["environment"]): Record<string, string> {
  const passed: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    if (value !== undefined && passedOn.test(name)) passed[name] = value;
  }
  return passed;
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

function howItEnded(child: ChildProcess): string {
  return child.signalCode ? `by ${child.signalCode}` : `with code ${child.exitCode}`;
}
