/** What is in a snapshot. The API has no operation for that, but scripts can look: one is run that mounts it and prints what it finds. It is an
 *  execution like any other, and is listed with them. */
import { YardError } from "../platform/errors.ts";
import type { FollowParts } from "./follow-run.ts";
import { inert } from "./inert.ts";
import { numberField, optionalTextField, parseObject, textField } from "./json.ts";
import { submitScript } from "./scripts.ts";
import { collectOutput } from "./scripts-collect.ts";
import { followOrCancel } from "./scripts-follow.ts";

export interface TreeFile {
  /** From the root of the snapshot, without a slash in front. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** Permissions, as in stat(2). */
  readonly mode: number;
  /** Of a symbolic link. */
  readonly target?: string;
}

const timeoutSeconds = 120;

/** All files and links at or below `path`, by name; directories are there only by what is in them.
 *  @param snapshot an id @throws {YardError} not_found: there is nothing at that path */
export async function listTree(snapshot: string, path: string, parts: FollowParts): Promise<TreeFile[]> {
  const client = await parts.connect();
  const source = `(${printTree})(${JSON.stringify(path)})`;
  const id = await submitScript(client, { source, fs: snapshot, timeoutSeconds });
  const { output, text } = collectOutput();
  const { status, error } = await followOrCancel(id, client, { ...parts, output });
  if (status === "completed")
    return text()
      .split("\n")
      .filter((line) => line !== "")
      .map(fileIn);
  if (/\bENOENT\b/.test(error ?? "")) throw new YardError("not_found", `there is no ${inert(path)} in ${snapshot}`);
  throw new YardError("internal", `the snapshot could not be read: ${inert(error ?? status)}`);
}

/** Runs on the yard: one line of JSON for each file. */
const printTree = `async (start) => {
  const visit = async (path) => {
    const status = await fs.lstat(path);
    if (status.isDirectory()) {
      for (const name of await fs.readdir(path)) await visit(path === "" ? name : path + "/" + name);
      return;
    }
    const target = status.isSymbolicLink() ? await fs.readlink(path) : undefined;
    console.log(JSON.stringify({ path, size: status.size, mode: status.mode & 0o7777, target }));
  };
  await visit(start.split("/").filter((part) => part !== "" && part !== ".").join("/"));
}`;

function fileIn(line: string): TreeFile {
  const file = parseObject(line);
  return {
    path: textField(file, "path"),
    size: numberField(file, "size"),
    mode: numberField(file, "mode"),
    target: optionalTextField(file, "target"),
  };
}
