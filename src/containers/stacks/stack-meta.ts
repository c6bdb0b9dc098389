/** What a stack's own file of settings says (`.dockmesh.meta.json`). It is shared with others: keys that are unknown here are kept as they are. */
import { YardError } from "../../platform/errors.ts";
import { readWithin, removeFile, replaceFile } from "./stack-directory.ts";

export const metaName = ".dockmesh.meta.json";

export type StackMeta = Readonly<Record<string, unknown>>;

/** @throws {YardError} precondition, when it is no JSON object */
export async function readMeta(directory: string): Promise<StackMeta> {
  const text = (await readWithin(directory, metaName))?.toString() ?? "";
  if (text.trim() === "") return {};
  const meta = parseJson(text);
  if (typeof meta !== "object" || meta === null || Array.isArray(meta)) {
    throw new YardError("precondition", `${metaName} is no JSON object. Mend or remove it.`);
  }
  return meta as StackMeta;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new YardError("precondition", `${metaName} is no JSON. Mend or remove it.`, { cause });
  }
}

/** @param value undefined takes the key away */
export async function setMeta(directory: string, key: string, value: unknown): Promise<void> {
  const { [key]: _before, ...others } = await readMeta(directory);
  const meta = value === undefined ? others : { ...others, [key]: value };
  if (Object.keys(meta).length === 0) await removeFile(directory, metaName);
  else await replaceFile(directory, metaName, `${JSON.stringify(meta, null, 2)}\n`, 0o644);
}

export function activeEnvironmentIn(meta: StackMeta): string {
  return typeof meta.active_environment === "string" ? meta.active_environment : "";
}
