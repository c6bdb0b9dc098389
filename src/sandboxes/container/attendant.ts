/** Asks the attendant of a container (inside/attendant-script.ts). Starting one takes the engine a tenth of a second, a request a few milliseconds: so they are
 *  kept for a while, and each serves one request at a time. */
import { randomBytes } from "node:crypto";
import { YardError } from "../../platform/errors.ts";
import { after } from "../../platform/timers.ts";
import { type ByteReader, createByteReader } from "./byte-reader.ts";
import type { EngineExec, StartExec } from "./engine-exec.ts";
import { toolsPath } from "./inside/paths.ts";

export type Operation =
  | "show" | "list" | "read_file" | "write_file" | "make_directory" | "move" | "remove"
  | "send" | "processes" | "figures" | "listeners" | "follow"; // biome-ignore format: a table

/** One request under way. */
export interface Conversation {
  /** After "ok". */
  readonly answer: string;
  readonly nonce: string;
  readonly reader: ByteReader;
  write(bytes: Uint8Array): Promise<void>;
  /** "ok" or what the system said.  @throws {Refusal} */
  confirm(): Promise<void>;
}

/** What the system said inside, in its own words. */
export class Refusal extends Error {
  override readonly name = "Refusal";
}

export interface Attendants extends Disposable {
  /** Resolves with what `converse` makes of the answer. The attendant is kept for others if that has read all there is, and ended if it fails.
   *  @throws {Refusal}   @throws {YardError} as Engine.call; unavailable, timeout */
  ask<T>(request: Request, converse: (conversation: Conversation) => Promise<T>): Promise<T>;
  /** One of one's own, for an answer that is read at the reader's pace. */
  follow(request: Request): Promise<Conversation & { release(): void }>;
}

export interface Request {
  readonly operation: Operation;
  readonly args: readonly string[];
  /** Its answer takes as long as its content does: only the beginning has a limit. */
  readonly isLong?: boolean;
}

const answerTimeoutMs = 30_000;
const keepMs = 10_000;
const mostKept = 2;

interface Attendant {
  readonly exec: EngineExec;
  readonly nonce: string;
  readonly reader: ByteReader;
  expiry?: Disposable;
}

export function createAttendants(startExec: StartExec): Attendants {
  const idle: Attendant[] = [];

  async function open(): Promise<Attendant> {
    const nonce = randomBytes(12).toString("hex");
    const argv = [`${toolsPath}/bin/sh`, `${toolsPath}/attendant`, nonce];
    const exec = await startExec({ argv, user: "0:0" });
    exec.errors.resume();
    return { exec, nonce, reader: createByteReader(exec.output) };
  }

  function take(): Promise<Attendant> | Attendant {
    for (let one = idle.pop(); one; one = idle.pop()) {
      one.expiry?.[Symbol.dispose]();
      if (!one.reader.hasEnded()) return one;
      one.exec.release();
    }
    return open();
  }

  function keep(one: Attendant): void {
    if (idle.length >= mostKept) {
      one.exec.release();
      return;
    }
    one.expiry = after(keepMs, () => {
      idle.splice(idle.indexOf(one), 1);
      one.exec.release();
    });
    one.reader.watch(); // it may be killed meanwhile
    idle.push(one);
  }

  async function begin(one: Attendant, { operation, args }: Request): Promise<Conversation> {
    const { exec, nonce, reader } = one;
    using _limit = setTimeout(() => exec.release(), answerTimeoutMs);
    const readAnswer = async () => {
      const line = await reader.line();
      if (line === undefined)
        throw new YardError("unavailable", "The sandbox does not answer: it may be out of processes or memory.");
      if (line.startsWith("no ")) throw new Refusal(line.slice(3));
      return line.slice(3);
    };
    exec.input.write(`${[operation, ...args.map(encode)].join(" ")}\n`);
    return {
      answer: await readAnswer(),
      nonce,
      reader,
      write: (bytes) =>
        new Promise((resolve, reject) => exec.input.write(bytes, (error) => (error ? reject(error) : resolve()))),
      confirm: async () => void (await readAnswer()),
    };
  }

  return {
    async ask(request, converse) {
      const one = await take();
      using _limit = request.isLong ? undefined : setTimeout(() => one.exec.release(), answerTimeoutMs);
      let isAtWork = false;
      try {
        const conversation = await begin(one, request);
        isAtWork = true;
        const result = await converse(conversation);
        keep(one);
        return result;
      } catch (error) {
        // One that refuses in the middle of its work ends, as it cannot tell what is still on its way to it from requests.
        if (error instanceof Refusal && !isAtWork && !one.reader.hasEnded()) keep(one);
        else one.exec.release();
        throw error;
      }
    },
    async follow(request) {
      const one = await take();
      try {
        const conversation = await begin(one, request);
        return { ...conversation, release: () => one.exec.release() };
      } catch (error) {
        one.exec.release();
        throw error;
      }
    },
    [Symbol.dispose]() {
      for (const { exec, expiry } of idle.splice(0)) {
        expiry?.[Symbol.dispose]();
        exec.release();
      }
    },
  };
}

/** Plain letters as they are, all others as the shell's printf %b reads them. */
function encode(text: string): string {
  let encoded = "=";
  for (const byte of Buffer.from(text)) {
    const letter = String.fromCharCode(byte);
    encoded += /[A-Za-z0-9_./-]/.test(letter) ? letter : `\\0${byte.toString(8).padStart(3, "0")}`;
  }
  return encoded;
}
