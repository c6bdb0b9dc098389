/** What a capsule calls its users and groups: as its own /etc/passwd and /etc/group say. */
import { isYardError } from "../../platform/errors.ts";
import type { SandboxFiles } from "../../sandboxes/sandbox.ts";

export interface OwnerNames {
  readonly users: ReadonlyMap<number, string>;
  readonly groups: ReadonlyMap<number, string>;
}

/** Names further behind are not looked for. */
const mostBytes = 256 * 1024;

export async function ownerNames(files: SandboxFiles): Promise<OwnerNames> {
  const [users, groups] = await Promise.all([namesIn(files, "/etc/passwd"), namesIn(files, "/etc/group")]);
  return { users, groups };
}

/** A capsule without such a file has no names. */
async function namesIn(files: SandboxFiles, path: string): Promise<ReadonlyMap<number, string>> {
  try {
    return parseNames(await beginningOf(files, path));
  } catch (error) {
    if (isYardError(error, "not_found") || isYardError(error, "invalid")) return new Map();
    throw error;
  }
}

async function beginningOf(files: SandboxFiles, path: string): Promise<string> {
  const { content } = await files.read(path);
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of content as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes >= mostBytes) break;
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** Lines like `name:password:id:…`; the first name of an id is its name. */
export function parseNames(text: string): ReadonlyMap<number, string> {
  const names = new Map<number, string>();
  for (const line of text.split("\n")) {
    const [name = "", , id = ""] = line.split(":");
    if (name !== "" && /^\d{1,10}$/.test(id) && !names.has(Number(id))) names.set(Number(id), name);
  }
  return names;
}
