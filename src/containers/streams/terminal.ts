/** A command in a container, on a terminal or without one, for as long as somebody holds it. */
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type Docker from "dockerode";
import { Type } from "typebox";
import { Compile } from "typebox/compile";
import type { Engine } from "../../platform/docker/engine.ts";
import { openEngineConnection, readEngineJson } from "../../platform/docker/engine-reply.ts";
import { YardError } from "../../platform/errors.ts";
import { requireContainerReference } from "./container-reference.ts";
import { readEngineBytes } from "./engine-bytes.ts";
import { hangUp, markOf } from "./hang-up.ts";

/** Whoever lets go of it ends the command. */
export interface ContainerTerminal {
  /** Until the command has ended; without a terminal in the engine's frames (`readApart`). Whoever reads slowly holds it back. @throws {YardError} unavailable */
  readonly output: AsyncIterable<Buffer>;
  /** Resolves when there is room for more; what comes after the end is lost. */
  write(input: Buffer): Promise<void>;
  /** Nothing more is typed: what reads it comes to its end. A terminal is told by Ctrl-D in its place. */
  endInput(): void;
  /** The command's exit code, once `output` has ended: 128 and its number where a signal has ended it. @throws {YardError} as Engine.call; unavailable */
  exitCode(): Promise<number>;
  /** @throws {YardError} as Engine.call */
  resize(size: { readonly cols: number; readonly rows: number }): Promise<void>;
  /** Once, however often it is called. */
  [Symbol.asyncDispose](): Promise<void>;
}

export interface TerminalRequest {
  readonly argv: readonly string[];
  /** `false`: no terminal, but its standard output and error apart. */
  readonly isTerminal?: boolean;
  /** `false`: it reads nothing. */
  readonly hasInput?: boolean;
  /** Beside the container's own. */
  readonly variables?: Readonly<Record<string, string>>;
  /** Absolute; the container's own, if absent. */
  readonly directory?: string;
  /** A name or number, and perhaps a group: `www-data`, `1000:1000`. The container's own, if absent. */
  readonly user?: string;
}

/** An engine knows how a command has ended a moment after its output has. */
const exitLook = { everyMs: 20, times: 250 };

const Made = Compile(Type.Object({ Id: Type.String({ pattern: "^[0-9a-f]+$" }) }));

/** A command that is about to be started: there is such a container, and it runs. */
export interface PreparedTerminal {
  /** @throws {YardError} as Engine.call */
  start(): Promise<ContainerTerminal>;
}

/** @throws {YardError} not_found; conflict, while the container does not run or is paused; as Engine.call */
export async function prepareTerminal(
  engine: Engine,
  container: string,
  { argv, isTerminal = true, hasInput = true, variables = {}, directory, user }: TerminalRequest,
): Promise<PreparedTerminal> {
  requireContainerReference(container);
  const mark = markOf(randomUUID());
  const body = {
    ...{ Cmd: [...argv], Env: [...Object.entries(variables).map(([name, value]) => `${name}=${value}`), mark] },
    ...(directory !== undefined && { WorkingDir: directory }),
    ...(user !== undefined && { User: user }),
    ...{ Tty: isTerminal, AttachStdin: hasInput, AttachStdout: true, AttachStderr: true },
  };
  const exec = await engine.call(`start a command in ${container}`, async (docker, abortSignal) => {
    const made = await readEngineJson(docker, `/containers/${container}/exec`, { body, abortSignal });
    if (!Made.Check(made)) throw new YardError("internal", "The Docker engine does not say what it has made.");
    return docker.getExec(made.Id);
  });
  return {
    async start() {
      const stream = await engine.call(`start a command in ${container}`, (docker, abortSignal) =>
        openEngineConnection(docker, `/exec/${exec.id}/start`, {
          body: { Detach: false, Tty: isTerminal },
          abortSignal,
        }),
      );
      stream.on("error", () => {}); // who reads hears of it
      let ending: Promise<void> | undefined;
      const end = async () => {
        const hasEnded = stream.readableEnded;
        stream.destroy();
        if (!hasEnded) await hangUp(engine, container, mark);
      };
      return {
        output: readEngineBytes(stream, "the terminal"),
        async write(input) {
          if (stream.destroyed) return;
          const { promise, resolve } = Promise.withResolvers<void>();
          stream.write(input, () => resolve()); // also called when the connection breaks
          await promise;
        },
        endInput: () => void stream.end(),
        exitCode: () => exitCodeOf(engine, exec),
        async resize({ cols, rows }) {
          await engine.call("resize the terminal", (_, abortSignal) => exec.resize({ w: cols, h: rows, abortSignal }));
        },
        [Symbol.asyncDispose]: () => (ending ??= end()),
      };
    },
  };
}

async function exitCodeOf(engine: Engine, exec: Docker.Exec): Promise<number> {
  for (let look = 0; look < exitLook.times; look++) {
    const { Running, ExitCode } = await engine.call("look at a command", (_, abortSignal) =>
      exec.inspect({ abortSignal }),
    );
    if (!Running && ExitCode !== null) return ExitCode;
    await sleep(exitLook.everyMs);
  }
  throw new YardError("unavailable", "The Docker engine does not tell how the command has ended.");
}
