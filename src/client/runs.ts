/** The calls behind `runyard run`: a temporary app is started, and its output and exit are read. */
import { appPath } from "./apps.ts";
import { readBytes, readText, type YardClient } from "./http.ts";
import { parseObject, textField } from "./json.ts";
import type { RunId } from "./output.ts";

export interface RunDefinition {
  readonly name: string;
  /** As one text, quoted for a shell's reader: the yard splits it again, without a shell. Absent: a copy of the app of that name. */
  readonly command?: string;
  readonly workingDirectory?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly timeoutSeconds?: number;
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

export interface RunOutput {
  readonly bytes: Buffer;
  /** The run has ended, and these bytes are the last. */
  readonly ended: boolean;
  /** Of a run that has ended; undefined when nobody was there to see how. */
  readonly exitCode?: number;
}

/** What is there from `position` on; no bytes at the end. */
export async function readRunOutput(
  client: YardClient,
  { name, run }: RunId,
  options: { position: number; signal: AbortSignal },
): Promise<RunOutput> {
  const response = await client.request({
    method: "GET",
    path: `${appPath(name)}/output`,
    query: { process_uuid: run, stdout_position: options.position },
    signal: options.signal,
    accept: [412],
  });
  const bytes = await readBytes(response);
  if (response.statusCode === 412) return { bytes: Buffer.alloc(0), ended: true }; // all was read, and how it ended is unknown
  const code = response.headers["x-exit-code"];
  return typeof code === "string" ? { bytes, ended: true, exitCode: Number(code) } : { bytes, ended: false };
}
