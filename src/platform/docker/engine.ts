/** A Docker engine, of this machine or of another. Nothing of it is loaded or opened before the first call, and every call has an end: an engine that
 *  hangs costs its callers their time, and nobody else anything. */
import { existsSync } from "node:fs";
import type { Agent } from "node:http";
import { Readable } from "node:stream";
import type Docker from "dockerode";
import { errnoOf, YardError } from "../errors.ts";
import { type Connect, createStreamAgent } from "./stream-agent.ts";

export interface Engine extends AsyncDisposable {
  /** Acts on the engine within a time. @param what completes "the Docker engine cannot …"
   *  @throws {YardError} not_found, conflict (both as the engine says it), storage_full, unavailable */
  call<T>(
    what: string,
    act: (docker: Docker, abortSignal: AbortSignal) => Promise<T>,
    options?: CallOptions,
  ): Promise<T>;
  /** @throws {YardError} unavailable */
  version(): Promise<{ readonly Version: string; readonly Arch: string }>;
}

export interface CallOptions {
  readonly timeoutMs?: number;
}

/** Where the engine is: at the first of these sockets that is there, or at the end of connections that somebody else opens. */
export type EngineOptions =
  | { readonly socketPaths: readonly string[] }
  | {
      /** What messages call it: "of host …". */
      readonly name: string;
      /** A new connection to it. @throws {YardError} unavailable */
      readonly connect: Connect;
    };

const defaultTimeoutMs = 30_000;
/** The oldest that is spoken to (20.10); newer ones speak it too. */
export const apiVersion = "v1.41";

/** Where engines listen: as somebody says, else where the machine's own does, or that of a user without root. */
export function dockerSockets(environment: NodeJS.ProcessEnv): readonly string[] {
  const { RUNYARD_DOCKER_SOCKET: own, DOCKER_HOST: host, XDG_RUNTIME_DIR: runtime, HOME: home } = environment;
  if (own) return [own];
  if (host?.startsWith("unix://")) return [host.slice("unix://".length)];
  return [
    "/var/run/docker.sock",
    ...(runtime ? [`${runtime}/docker.sock`] : []),
    ...(home ? [`${home}/.docker/run/docker.sock`] : []),
  ];
}

export function openEngine(options: EngineOptions): Engine {
  const client = "connect" in options ? throughStreams(options) : throughSocket(options);
  /** Of calls under way, and of streams that they have opened. (`AbortSignal.any` would tie each to a signal that outlives it: of a call that takes half a
   *  millisecond, the garbage of that was a fifth.) */
  const open = new Set<AbortController>();
  let isClosed = false;

  async function call<T>(
    what: string,
    act: (docker: Docker, abortSignal: AbortSignal) => Promise<T>,
    { timeoutMs = defaultTimeoutMs }: CallOptions = {},
  ): Promise<T> {
    const docker = await client.open();
    const aborting = new AbortController();
    if (isClosed) aborting.abort();
    open.add(aborting);
    const { promise: given, reject: giveUp } = Promise.withResolvers<never>();
    const error = () => unavailable(`did not answer within ${timeoutMs} ms`, client.name());
    let isLate = false;
    using _limit = setTimeout(() => {
      isLate = true;
      giveUp(error());
      aborting.abort();
    }, timeoutMs);
    try {
      const result = await Promise.race([act(docker, aborting.signal), given]);
      if (result instanceof Readable) {
        aborting.signal.addEventListener("abort", () => result.destroy());
        result.once("close", () => open.delete(aborting));
      } else open.delete(aborting);
      return result;
    } catch (cause) {
      open.delete(aborting);
      aborting.abort(); // the request of a stream that was refused is left open by the library, and would keep the process from ending
      throw isLate ? error() : asEngineError(cause, what, client.name());
    }
  }

  return {
    call,
    version: () => call("tell its version", (docker) => docker.version(), { timeoutMs: 5_000 }),
    async [Symbol.asyncDispose]() {
      isClosed = true;
      for (const one of open) one.abort();
    },
  };
}

interface Client {
  /** As messages call the engine. */
  name(): string;
  open(): Promise<Docker>;
}

function throughSocket({ socketPaths }: { readonly socketPaths: readonly string[] }): Client {
  const [firstPath = "/var/run/docker.sock"] = socketPaths;
  const find = () => socketPaths.find((path) => existsSync(path));
  const pathNow = () => find() ?? firstPath;
  let client: { readonly socketPath: string; readonly docker: Promise<Docker> } | undefined;
  return {
    name: () => `at ${pathNow()}`,
    async open() {
      const socketPath = find(); // it may have been installed, or moved, meanwhile
      // Where there is no engine, its client need not be loaded to say so.
      if (socketPath === undefined) throw unavailable(noSocket, `at ${firstPath}`);
      if (client?.socketPath !== socketPath) client = { socketPath, docker: load({ socketPath }) };
      return client.docker;
    },
  };
}

function throughStreams({ name, connect }: { readonly name: string; readonly connect: Connect }): Client {
  let docker: Promise<Docker> | undefined;
  return {
    name: () => name,
    open() {
      docker ??= load({ protocol: "http", host: "docker", port: 80, agent: createStreamAgent(connect) });
      return docker;
    },
  };
}

/** `agent` is handed on to what speaks HTTP, and missing in the types of one of the two packages. */
async function load(options: Docker.DockerOptions & { readonly agent?: Agent }): Promise<Docker> {
  const { default: Client } = await import("dockerode");
  return new Client({ ...options, version: apiVersion });
}

const noSocket = "is not running: there is no such socket";

function unavailable(how: string, name: string, cause?: unknown): YardError {
  return new YardError("unavailable", `The Docker engine ${name} ${how}.`, { cause, retryAfterMs: 5_000 });
}

const codes = { 400: "invalid", 404: "not_found", 409: "conflict" } as const;

function asEngineError(error: unknown, what: string, name: string): unknown {
  if (error instanceof YardError) return error;
  const errno = errnoOf(error);
  if (errno === "ENOENT") return unavailable(noSocket, name, error);
  if (errno === "EACCES" || errno === "EPERM") {
    return unavailable(
      "may not be used by this user: run the agent as root, or as a member of the group docker",
      name,
      error,
    );
  }
  if (errno !== undefined) return unavailable(`does not answer (${errno})`, name, error);
  const said = saidBy(error);
  if (/no space left on device/i.test(said)) {
    return new YardError("storage_full", `The Docker engine cannot ${what}: its disk is full.`, { cause: error });
  }
  if (/is paused/i.test(said)) {
    return new YardError("precondition", "The sandbox is paused: resume it first.", { cause: error });
  }
  const status = statusOf(error);
  const code = status === 400 || status === 404 || status === 409 ? codes[status] : "unavailable";
  return new YardError(code, `The Docker engine cannot ${what}: ${said}.`, { cause: error });
}

/** The HTTP status of an engine's refusal. */
export function statusOf(error: unknown): number | undefined {
  return error instanceof Error && "statusCode" in error ? Number(error.statusCode) : undefined;
}

/** The engine's own words. For replies that are streams they come with the library's own around them. */
export function saidBy(error: unknown): string {
  const json = error instanceof Error && "json" in error ? error.json : undefined;
  const message = typeof json === "object" && json !== null && "message" in json ? json.message : String(error);
  return String(message)
    .replace(/^Error: (?:\(HTTP code \d+\) .*? - )?/, "")
    .trim()
    .replace(/\.$/, "")
    .slice(0, 500);
}
