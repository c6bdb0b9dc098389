/** A text in the person's own editor. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { YardError } from "../../platform/errors.ts";
import { runInForeground } from "../../platform/process/foreground.ts";
import { splitShellWords } from "../../platform/shell-words.ts";

export interface EditedText extends AsyncDisposable {
  readonly text: string;
  /** Where it is. */
  readonly path: string;
  /** Disposing leaves it there. */
  keep(): void;
}

/** In a directory that nobody else may enter: it may hold secrets. @param name of the file, by which editors know what it is
 *  @throws {YardError} precondition, if the editor cannot be started, or fails */
export async function editText(text: string, name: string, env: NodeJS.ProcessEnv): Promise<EditedText> {
  const directory = await mkdtemp(join(tmpdir(), "runyard-edit-"));
  const path = join(directory, name);
  let isKept = false;
  const clear = async (): Promise<void> => {
    if (!isKept) await rm(directory, { recursive: true, force: true });
  };
  try {
    await writeFile(path, text, { mode: 0o600 });
    await runEditor([...editorIn(env), path]);
    const keep = (): void => {
      isKept = true;
    };
    return { text: await readFile(path, "utf8"), path, keep, [Symbol.asyncDispose]: clear };
  } catch (error) {
    await clear();
    throw error;
  }
}

function editorIn({ VISUAL, EDITOR }: NodeJS.ProcessEnv): readonly string[] {
  const words = splitShellWords(VISUAL || EDITOR || "vi");
  return words.length > 0 ? words : ["vi"];
}

async function runEditor([program = "vi", ...args]: readonly string[]): Promise<void> {
  const { code, signal } = await runInForeground(program, args).catch((error: unknown) => {
    const why = error instanceof Error ? error.message : String(error);
    throw new YardError("precondition", `the editor cannot be started (${why}): name another one in EDITOR.`, {
      cause: error,
    });
  });
  if (code === 0) return;
  throw new YardError("precondition", `${program} has ended with ${signal ?? code}: nothing is changed.`);
}
