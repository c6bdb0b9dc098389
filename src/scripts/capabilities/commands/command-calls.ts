/** `Deno.Command` and `child_process.exec` of scripts: both run one program to its end. */
import { Type } from "typebox";
import { Compile } from "typebox/compile";
import { CallError, PolicyDenial, shortened } from "../call-error.ts";
import { type CommandPolicy, judgeCommand } from "./command-policy.ts";
import type { RunOnHost } from "./run-on-host.ts";
import { logBytes, separate, withSeparateOutput } from "./separate-output.ts";

export interface CommandAnswer {
  /** `content` is standard output, of so many bytes, then standard error. */
  readonly value: { readonly code: number; readonly stdoutBytes: number };
  readonly content: Buffer;
}

export interface CommandCallsParts {
  /** Asked each time. Undefined: nothing is allowed any more. */
  policy(): CommandPolicy | undefined;
  readonly run: RunOnHost;
  /** What the script could hold of one answer. */
  readonly maxAnswerBytes: number;
}

/** A zero would end the text for the kernel, before what the policy has judged. */
const text = Type.String({ pattern: "^[^\\u0000]*$", maxLength: 100_000 });
const CommandArguments = Compile(
  Type.Object({
    program: text,
    args: Type.Array(text, { maxItems: 1_000 }),
    env: Type.Optional(
      Type.Record(Type.String({ pattern: "^[A-Za-z_]\\w{0,255}$" }), text, { additionalProperties: false }),
    ),
    cwd: Type.Optional(text),
    timeoutMs: Type.Optional(Type.Number({ minimum: 0 })),
  }),
);

/** @param operation `exec`, where `args` holds one line for a shell, or `output` */
export type CallCommand = (operation: string, args: unknown, signal: AbortSignal) => Promise<CommandAnswer>;

const shell = ["/bin/sh", "-c"] as const;

export function createCommandCalls({ policy: currentPolicy, run, maxAnswerBytes }: CommandCallsParts): CallCommand {
  return async (operation, args, signal) => {
    if (operation !== "exec" && operation !== "output") throw new CallError(`subprocess.${operation} does not exist`);
    if (!CommandArguments.Check(args)) throw new CallError(`subprocess.${operation}: this is not how it is called`);
    const { program, env = {}, cwd } = args;
    const argv = operation === "exec" ? [...shell, program] : [program, ...args.args];
    const deny = (reason: string) => {
      const what = `'${shortened([program, ...args.args].join(" "))}'`;
      return new PolicyDenial(`subprocess.${operation} denied by policy: ${what} is not allowed: ${reason}`);
    };
    const policy = currentPolicy();
    if (policy === undefined) throw deny("the policy has no subprocess any more");
    const verdict = judgeCommand(policy, { program: argv[0] ?? "", args: argv.slice(1), env, cwd });
    if ("reason" in verdict) throw deny(verdict.reason);
    const maxBytes = Math.min(policy.maxOutputBytes, maxAnswerBytes);
    const timeoutMs = Math.min(policy.timeoutMs, args.timeoutMs || policy.timeoutMs);
    const command = { argv: withSeparateOutput(argv, maxBytes), env, cwd: verdict.cwd, user: policy.user };
    const ended = await run({ ...command, timeoutMs, maxLogBytes: logBytes(maxBytes) }, { signal });
    const fail = (reason: string) => new CallError(`subprocess.${operation} failed: '${shortened(program)}' ${reason}`);
    if (ended.isLate) throw fail(`did not end within ${timeoutMs / 1_000} s`);
    const output = separate(ended.log, maxBytes);
    if (output?.isCut) throw fail(`prints more than ${maxBytes} bytes`);
    if (output === undefined) throw fail("was ended from outside, or its host has no room for what it prints");
    const { code, stdout, stderr } = output;
    return { value: { code, stdoutBytes: stdout.length }, content: Buffer.concat([stdout, stderr]) };
  };
}
