/** The calls behind `runyard capsule ps`, `kill` and `exec --background`: what runs in a capsule. */
import { capsulePath } from "./capsules.ts";
import { discard, readJson, type YardClient } from "./http.ts";
import { asObject, type JsonObject, numberField, optionalTextField, textField } from "./json.ts";
import { textsIn } from "./tasks.ts";

export interface CapsuleCommand {
  readonly argv: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Relative to the home directory. */
  readonly cwd?: string;
}

export interface ProcessSeen {
  readonly json: JsonObject;
  readonly pid: number;
  /** Of what was started by the API. */
  readonly tag?: string;
  readonly argv: readonly string[];
}

export type KillSignal = "SIGTERM" | "SIGKILL";

export async function listProcesses(client: YardClient, capsule: string, signal?: AbortSignal): Promise<ProcessSeen[]> {
  const path = `${capsulePath(capsule)}/processes`;
  const { processes } = asObject(await readJson(await client.request({ method: "GET", path, signal })), "the answer");
  if (!Array.isArray(processes)) throw new TypeError('"processes" is no array');
  return processes.map((value) => {
    const json = asObject(value, "a process");
    const args = json.args === undefined ? [] : textsIn(json, "args");
    const argv = [textField(json, "cmd"), ...args];
    return { json, pid: numberField(json, "pid"), tag: optionalTextField(json, "tag"), argv };
  });
}

/** @param selector a pid, or a tag @throws {YardError} not_found */
export async function killProcess(
  client: YardClient,
  capsule: string,
  selector: string,
  signal: KillSignal,
): Promise<void> {
  const path = `${capsulePath(capsule)}/processes/${encodeURIComponent(selector)}`;
  await discard(await client.request({ method: "DELETE", path, query: { signal } }));
}

/** Starts it and does not wait. */
export async function startInBackground(
  client: YardClient,
  capsule: string,
  command: CapsuleCommand,
  tag: string | undefined,
): Promise<{ readonly json: JsonObject; readonly pid: number; readonly tag: string }> {
  const path = `${capsulePath(capsule)}/exec`;
  const call = { ...commandToWire(command), background: true, tag };
  const json = asObject(await readJson(await client.request({ method: "POST", path, json: call })), "the answer");
  return { json, pid: numberField(json, "pid"), tag: textField(json, "tag") };
}

/** Runs a short one to its end; what it prints is not kept. @returns its exit code */
export async function runToEnd(client: YardClient, capsule: string, command: CapsuleCommand): Promise<number> {
  const path = `${capsulePath(capsule)}/exec`;
  const reply = await readJson(
    await client.request({ method: "POST", path, json: commandToWire(command), timeoutMs: 60_000 }),
  );
  return numberField(asObject(reply, "the answer"), "exit_code");
}

export function commandToWire({ argv: [cmd, ...args], env: envs, cwd }: CapsuleCommand) {
  return { cmd, args, envs, cwd };
}
