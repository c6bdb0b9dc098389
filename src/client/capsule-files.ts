/** The calls behind `runyard capsule cp`: files of a capsule. Whatever their size, memory stays flat. */
import { posix } from "node:path";
import { Readable } from "node:stream";
import { isYardError, YardError } from "../platform/errors.ts";
import { randomText } from "../platform/ids.ts";
import { capsulePath } from "./capsules.ts";
import { discard, readBytes, type YardClient } from "./http.ts";
import { asObject, numberField, optionalTextField, parseObject, textField } from "./json.ts";

/** A path in a capsule. */
export interface CapsulePlace {
  readonly capsule: string;
  /** Absolute, without a slash at its end unless that was written. */
  readonly path: string;
}

export interface FileSeen {
  readonly name: string;
  /** Absent: a device, a pipe or a socket. */
  readonly type?: "file" | "directory" | "symlink";
  readonly size: number;
  /** Permission bits. */
  readonly mode: number;
  /** Of a link: where it leads in the end, or its own path. */
  readonly target?: string;
}

/** Of root, as whom all file operations act. */
const home = "/root";
/** Of what is said of a directory's entries, of which there are 20,000 at most. */
const mostListBytes = 64 * 1024 * 1024;

/** As the yard reads it: from the home directory on, which is also `~`. */
export function absolutePath(path: string): string {
  const absolute = path === "~" || path.startsWith("~/") ? posix.join(home, path.slice(1)) : posix.resolve(home, path);
  return path.endsWith("/") && !absolute.endsWith("/") ? `${absolute}/` : absolute;
}

/** What is in a directory itself. @returns undefined, if the path is something else. @throws {YardError} not_found */
export async function listDirectory(
  client: YardClient,
  { capsule, path }: CapsulePlace,
  signal: AbortSignal,
): Promise<FileSeen[] | undefined> {
  const call = { path: `${capsulePath(capsule)}/files/list`, json: { path, depth: 1 }, signal };
  try {
    const reply = await client.request({ method: "POST", ...call });
    const { entries } = parseObject((await readBytes(reply, mostListBytes)).toString());
    if (!Array.isArray(entries)) throw new TypeError('"entries" is no array');
    return entries.map(seenIn);
  } catch (error) {
    if (isYardError(error, "invalid")) return undefined;
    throw error;
  }
}

function seenIn(value: unknown): FileSeen {
  const entry = asObject(value, "an entry");
  const type = optionalTextField(entry, "type");
  return {
    name: textField(entry, "name"),
    type: type === "file" || type === "directory" || type === "symlink" ? type : undefined,
    size: numberField(entry, "size"),
    mode: numberField(entry, "mode"),
    target: optionalTextField(entry, "symlink_target"),
  };
}

/** The file to its end. @throws {YardError} not_found; interrupted: it broke off */
export async function* readCapsuleFile(
  client: YardClient,
  { capsule, path }: CapsulePlace,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void> {
  const call = { path: `${capsulePath(capsule)}/files/stream/read`, json: { path }, signal };
  const response = await client.request({ method: "POST", ...call });
  try {
    yield* response as AsyncIterable<Buffer>;
  } catch (error) {
    if (signal.aborted || !response.errored) throw error;
    throw new YardError("interrupted", `the connection to ${client.url} broke off. Try again.`, { cause: error });
  } finally {
    response.destroy();
  }
}

/** Makes the directories that it is in. */
export async function writeCapsuleFile(
  client: YardClient,
  { capsule, path }: CapsulePlace,
  content: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<void> {
  const boundary = `runyard-${randomText(24)}`;
  const headers = { "content-type": `multipart/form-data; boundary=${boundary}` };
  const stream = Readable.from(form(boundary, path, content), { objectMode: false });
  const call = { path: `${capsulePath(capsule)}/files/stream/write`, headers, stream, signal };
  await discard(await client.request({ method: "POST", ...call }));
}

async function* form(
  boundary: string,
  path: string,
  content: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void> {
  const part = (about: string): string => `--${boundary}\r\nContent-Disposition: form-data; ${about}\r\n`;
  const file = `${part('name="file"; filename="upload"')}Content-Type: application/octet-stream\r\n\r\n`;
  yield Buffer.from(`${part('name="path"')}\r\n${path}\r\n${file}`);
  yield* content;
  yield Buffer.from(`\r\n--${boundary}--\r\n`);
}

/** Nothing, if there is one already. */
export async function makeCapsuleDirectory(client: YardClient, { capsule, path }: CapsulePlace): Promise<void> {
  const call = { path: `${capsulePath(capsule)}/files/mkdir`, json: { path } };
  try {
    await discard(await client.request({ method: "POST", ...call }));
  } catch (error) {
    if (!isYardError(error, "conflict") || !(await isDirectory(client, { capsule, path }))) throw error;
  }
}

/** Conflicts are also told of capsules that do not run. */
async function isDirectory(client: YardClient, place: CapsulePlace): Promise<boolean> {
  return (await listDirectory(client, place, AbortSignal.timeout(30_000))) !== undefined;
}
