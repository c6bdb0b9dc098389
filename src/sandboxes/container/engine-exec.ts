/** A command that the engine runs in a container, with its streams. */

import type { Duplex } from "node:stream";
import { PassThrough, type Readable, type Writable } from "node:stream";
import type { Engine } from "../../platform/docker/engine.ts";

export interface EngineExec {
  /** Ending it is end-of-file. Errors of it are nobody's: what reads there has ended. */
  readonly input: Writable;
  /** All, in a terminal. Both end when the command has ended and nobody holds them open, or when the engine is gone. */
  readonly output: Readable;
  readonly errors: Readable;
  resize(size: { cols: number; rows: number }): Promise<void>;
  /** Closes the streams; the command goes on. */
  release(): void;
}

export interface ExecRequest {
  readonly argv: readonly string[];
  readonly env?: readonly string[];
  /** Name or number, as the container has it. */
  readonly user: string;
  readonly terminal?: boolean;
  /** Its standard input must be a pipe, so that it can be opened anew as /dev/stdin. The engine gives it no other. */
  readonly hasPipedInput?: boolean;
}

/** Starts a command in one sandbox. @throws {YardError} as Engine.call; conflict while it is paused or does not run */
export type StartExec = (request: ExecRequest) => Promise<EngineExec>;

/** Held for a reader that is behind; then the engine holds back. */
const heldBytes = 1024 * 1024;

/** @throws {YardError} as Engine.call; conflict while the container is paused or does not run */
export async function startExec(engine: Engine, container: string, request: ExecRequest): Promise<EngineExec> {
  const { argv, env = [], user, terminal = false } = request;
  const exec = await engine.call("start a process in the sandbox", (docker, abortSignal) =>
    docker.getContainer(container).exec({
      Cmd: [...argv],
      Env: [...env],
      User: user,
      WorkingDir: "/",
      Tty: terminal,
      AttachStdin: true,
      AttachStdout: true,
      AttachStderr: true,
      abortSignal,
    }),
  );
  const socket = await engine.call(
    "start a process in the sandbox",
    async (_, abortSignal) => (await exec.start({ hijack: true, stdin: true, Tty: terminal, abortSignal })) as Duplex,
  );
  const [output, errors] = [passThrough(socket), passThrough(socket)];
  if (terminal) socket.on("data", (bytes: Buffer) => void output.write(bytes));
  else exec.modem.demuxStream(socket, output, errors);
  socket.on("error", () => {}); // the streams end
  socket.once("close", () => {
    output.end();
    errors.end();
  });
  return {
    input: socket,
    output,
    errors,
    async resize({ cols, rows }) {
      await engine.call("resize the terminal", (_, abortSignal) => exec.resize({ w: cols, h: rows, abortSignal }));
    },
    release: () => socket.destroy(),
  };
}

/** The library writes without asking whether there is room. */
function passThrough(source: Duplex): PassThrough {
  const stream = new PassThrough({ highWaterMark: heldBytes });
  const write = stream.write.bind(stream);
  stream.write = (chunk: Buffer) => {
    const hasRoom = write(chunk);
    if (!hasRoom) source.pause();
    return hasRoom;
  };
  stream.on("drain", () => void source.resume());
  stream.on("error", () => {});
  return stream;
}
