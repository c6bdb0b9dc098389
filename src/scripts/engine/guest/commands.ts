/** `Deno.Command` and `child_process`: one program that the host runs to its end. They exist only where the host would answer them. */
import type { GuestCalls } from "./calls.ts";

export interface Commands {
  readonly Deno: object;
  readonly childProcess: object;
}

export function createCommands({ call }: GuestCalls): Commands {
  interface Options {
    readonly args?: Iterable<unknown>;
    readonly cwd?: unknown;
    readonly env?: object;
    readonly timeout?: unknown;
    readonly encoding?: unknown;
  }

  async function ask(operation: string, program: string, { args = [], cwd, env, timeout }: Options) {
    const { value, content } = await call(`subprocess.${operation}`, {
      program,
      args: Array.from(args, String),
      cwd: cwd === undefined || cwd === null ? undefined : String(cwd),
      env: env && Object.fromEntries(Object.entries(env).map(([name, text]) => [name, String(text)])),
      timeoutMs: timeout === undefined ? undefined : Number(timeout),
    });
    const { code, stdoutBytes } = value as { code: number; stdoutBytes: number };
    return { code, stdout: content.slice(0, stdoutBytes), stderr: content.slice(stdoutBytes) };
  }

  class Command {
    readonly #program: string;
    readonly #options: Options;
    constructor(program: unknown, options: Options = {}) {
      this.#program = String(program);
      const { args, cwd, env } = options;
      this.#options = { args: args && [...args], cwd, env: env && { ...env } };
    }
    async output() {
      const { code, stdout, stderr } = await ask("output", this.#program, this.#options);
      return { success: code === 0, code, signal: null, stdout, stderr };
    }
    outputSync(): never {
      throw new Error("Deno.Command.outputSync cannot wait here: use output().");
    }
    spawn(): never {
      throw new Error("Deno.Command.spawn is not available: use output().");
    }
  }

  const childProcess = {
    async exec(command: unknown, options: Options = {}) {
      const { cwd, env, timeout, encoding } = options;
      const { code, stdout, stderr } = await ask("exec", String(command), { cwd, env, timeout });
      const readable = (bytes: Uint8Array) => (encoding === "buffer" ? bytes : new TextDecoder().decode(bytes));
      return { code, success: code === 0, stdout: readable(stdout), stderr: readable(stderr) };
    },
  };

  return { Deno: { Command }, childProcess };
}
