/** What a stack's directory holds, and by whose hand: files are put in their place together with the note of who is to answer for them. */
import path from "node:path";
import { writeCompanions } from "./companions.ts";
import { changeFiles, type FileChange } from "./file-changes.ts";
import { readWithin } from "./stack-directory.ts";
import { type EnvStore, plainName, sealedName } from "./stack-env.ts";
import type { Author, NewStack, StackSource } from "./stack-files.ts";
import { exists } from "./stack-root.ts";
import { type StackWrites, sha256Of } from "./stack-writes.ts";

export const composeName = "compose.yaml";

type Content = Pick<StackSource, "compose" | "env">;

export interface StackContents {
  read(directory: string): Promise<Content>;
  /** @param directory is empty */
  fill(directory: string, stack: NewStack, by: Author): Promise<void>;
  /** Content that is there already keeps its author: who changes one file of a stack does not answer for the others. */
  replace(name: string, directory: string, content: Content, by: Author): Promise<void>;
  isUntrusted(name: string, directory: string): Promise<boolean>;
  /** Whose it was. */
  forget(name: string): Promise<void>;
}

export function createStackContents({
  env,
  writes,
}: {
  readonly env: EnvStore;
  readonly writes: StackWrites;
}): StackContents {
  async function read(directory: string): Promise<Content> {
    const [compose, variables] = await Promise.all([readWithin(directory, composeName), env.read(directory)]);
    return { compose: compose?.toString() ?? "", ...(variables !== undefined && { env: variables }) };
  }

  /** What is missing changes what the file means as well: it is noted as an empty one. */
  async function apply(name: string, directory: string, changes: readonly FileChange[], by: Author): Promise<void> {
    const written = changes
      .filter(({ file }) => file !== plainName)
      .map(({ file, content = "" }) => ({ file, sha256: sha256Of(content) }));
    if (!by.isTrusted) await writes.note(name, written);
    await changeFiles(directory, changes);
    for (const { file, sha256 } of written) await writes.keepOnly(name, file, by.isTrusted ? undefined : sha256);
  }

  const composeChange = (compose: string): FileChange => ({ file: composeName, content: compose, mode: 0o644 });

  /** A plain one gives way to it. */
  async function envChanges(directory: string, text: string | undefined): Promise<readonly FileChange[]> {
    const sealed = { file: sealedName, content: text ? await env.seal(text) : undefined, mode: 0o600 };
    const hasPlain = await exists(path.join(directory, plainName));
    return hasPlain ? [sealed, { file: plainName, content: undefined, mode: 0o600 }] : [sealed];
  }

  /** Of a file that somebody wrote, or took away. Undefined: it is not as they left it. */
  async function contentOf(directory: string, file: string): Promise<Buffer | undefined> {
    const content = await readWithin(directory, file);
    if (content !== undefined || file !== sealedName) return content;
    return (await readWithin(directory, plainName)) === undefined ? Buffer.alloc(0) : undefined;
  }

  return {
    read,
    async fill(directory, { name, compose, env: variables, companions }, by) {
      if (companions !== undefined) {
        const hashes = await writeCompanions(directory, companions);
        if (!by.isTrusted) await writes.note(name, hashes);
      }
      const variablesToo = variables ? await envChanges(directory, variables) : [];
      for (const change of [composeChange(compose), ...variablesToo]) await apply(name, directory, [change], by);
    },
    async replace(name, directory, content, by) {
      const before = await read(directory);
      const changes = [
        ...(content.compose === before.compose ? [] : [composeChange(content.compose)]),
        ...((content.env ?? "") === (before.env ?? "") ? [] : await envChanges(directory, content.env)),
      ];
      await apply(name, directory, changes, by);
    },
    async isUntrusted(name, directory) {
      for (const { file, sha256 } of await writes.of(name)) {
        const content = await contentOf(directory, file);
        if (content !== undefined && sha256Of(content) === sha256) return true;
      }
      return false;
    },
    forget: writes.forget,
  };
}
