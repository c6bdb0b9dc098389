/** The calls behind `runyard run`: a temporary app is started, its output and exit are read, and it is removed. */
import type { IncomingMessage } from "node:http";
import { discard, readBytes, readText, type YardClient } from "./http.ts";
import { parseObject, textField } from "./json.ts";

export interface RunDefinition {
  readonly name: string;
  /** As one text, quoted for a shell's reader: the yard splits it again, without a shell. Absent: a copy of the app of that name. */
  readonly command?: string;
  readonly workingDirectory?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly timeoutSeconds?: number;
}

export interface RunId {
  /** Of the temporary app. */
  readonly name: string;
  readonly run: string;
}

/** How long the yard keeps a temporary app after its time is up, for a client that comes back for its output. */
const keptSeconds = 3_600;
/** The longest life of a temporary app: three days. */
export const maxRunSeconds = 259_200;

export async function startRun(client: YardClient, run: RunDefinition): Promise<RunId> {
  const response = await client.request({
    method: "POST",
    path: "/appmesh/app/run",
    query: {
      timeout: run.timeoutSeconds,
      lifecycle:
        run.timeoutSeconds === undefined ? undefined : Math.min(run.timeoutSeconds + keptSeconds, maxRunSeconds),
    },
    json: { name: run.name, command: run.command, working_dir: run.workingDirectory, env: run.env },
  });
  const reply = parseObject(await readText(response));
  return { name: textField(reply, "name"), run: textField(reply, "process_uuid") };
}

/** The output from `position` on, as it is printed, until the run has ended or the yard closes. `from` is the position of the first byte:
 *  higher than asked for when older output is gone. */
export async function followOutput(
  client: YardClient,
  { name, run }: RunId,
  options: { position: number; signal: AbortSignal },
): Promise<{ from: number; body: IncomingMessage }> {
  const body = await client.request({
    method: "GET",
    path: `/yard/v1/apps/${encodeURIComponent(name)}/output`,
    query: { follow: true, run, position: options.position },
    signal: options.signal,
    timeoutMs: Number.POSITIVE_INFINITY, // a yard may begin its reply with the first byte of output
  });
  return { from: Number(body.headers["x-output-position"] ?? options.position), body };
}

export interface OutputPage {
  readonly bytes: Buffer;
  /** The run has ended, and this page is the last. */
  readonly ended: boolean;
  /** Of a run that has ended; undefined when nobody was there to see how. */
  readonly exitCode?: number;
}

/** What is there from `position` on; no bytes at the end. */
export async function readOutput(
  client: YardClient,
  { name, run }: RunId,
  options: { position: number; signal: AbortSignal },
): Promise<OutputPage> {
  const response = await client.request({
    method: "GET",
    path: `/appmesh/app/${encodeURIComponent(name)}/output`,
    query: { process_uuid: run, stdout_position: options.position },
    signal: options.signal,
    accept: [412],
  });
  const bytes = await readBytes(response);
  if (response.statusCode === 412) return { bytes: Buffer.alloc(0), ended: true }; // all was read, and how it ended is unknown
  const code = response.headers["x-exit-code"];
  return typeof code === "string" ? { bytes, ended: true, exitCode: Number(code) } : { bytes, ended: false };
}

/** Ends what runs, and deletes the app and its output. Nothing happens if it is gone already. */
export async function removeApp(client: YardClient, name: string): Promise<void> {
  const path = `/appmesh/app/${encodeURIComponent(name)}`;
  await discard(await client.request({ method: "DELETE", path, accept: [404], timeoutMs: 10_000 }));
}
