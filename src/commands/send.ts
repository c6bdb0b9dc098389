/** `runyard send`: one message to a running app, and its reply. */
import { readFile } from "node:fs/promises";
import { buffer } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { type Command, Option } from "commander";
import type { YardFlags } from "../client/find-yard.ts";
import { readBytes } from "../client/http.ts";
import { sendMessage } from "../client/messages.ts";
import { YardError } from "../platform/errors.ts";
import { exitCodes } from "./exit-codes.ts";
import { wholeNumber } from "./option-values.ts";
import { stoppable } from "./stoppable.ts";
import { addYardOptions, connectToYard } from "./yard-options.ts";

interface SendOptions extends YardFlags {
  file?: string;
  /** Seconds. */
  timeout: number;
  json?: boolean;
}

const defaultTimeoutSeconds = 60;
const mostTimeoutSeconds = 172_800;

export function define(command: Command): void {
  addYardOptions(command)
    .argument("<app>", "the app, which must run and answer messages")
    .argument("[data]", "the message; - or none: standard input")
    .addOption(new Option("--file <path>", "send what this file holds"))
    .option(
      "--timeout <seconds>",
      "how long to wait for the reply",
      wholeNumber({ min: 1, max: mostTimeoutSeconds }),
      defaultTimeoutSeconds,
    )
    .option("--json", "print the reply as JSON: its text, or base64 where it is none")
    .addHelpText("after", help)
    .action(async (app: string, data: string | undefined, options: SendOptions) => {
      if (data !== undefined && options.file !== undefined)
        command.error("error: the message is given twice, as DATA and with --file. Leave one out.");
      if (data === undefined && options.file === undefined && process.stdin.isTTY)
        command.error("error: no message. Give it as DATA, with --file, or on standard input.");
      process.exitCode = await send(app, data, options);
    });
}

const help = `
Message and reply are bytes, sent and printed as they are: no line break is added to either. Exits with ${exitCodes.ok} once the reply has come, with ${exitCodes.failure} when
none comes: no such app, no process of it, nobody who answers in time, another message in its place.

Examples:
  $ runyard send worker 'hello'
  $ echo '{"job": 7}' | runyard send worker --timeout 300
  $ runyard send worker --file image.png > reply.png`;

function send(app: string, data: string | undefined, options: SendOptions): Promise<number> {
  return stoppable(
    async (signal) => {
      const payload = await payloadOf(data, options);
      const client = await connectToYard(options);
      const reply = await sendMessage(client, app, payload, { timeoutSeconds: options.timeout, signal });
      if (options.json) console.log(JSON.stringify({ app, ...asJson(await readBytes(reply)) }));
      else await pipeline(reply, process.stdout, { end: false, signal });
      return exitCodes.ok;
    },
    { whenOutputCloses: exitCodes.ok },
  );
}

async function payloadOf(data: string | undefined, { file }: SendOptions): Promise<Uint8Array> {
  if (data !== undefined && data !== "-") return Buffer.from(data);
  if (file === undefined) return buffer(process.stdin);
  try {
    return await readFile(file);
  } catch (error) {
    throw new YardError("invalid", `cannot read ${file}: ${error instanceof Error ? error.message : error}`, {
      field: "--file",
      cause: error,
    });
  }
}

function asJson(reply: Buffer): { text: string } | { base64: string } {
  try {
    return { text: new TextDecoder("utf8", { fatal: true, ignoreBOM: true }).decode(reply) };
  } catch {
    return { base64: reply.toString("base64") };
  }
}
