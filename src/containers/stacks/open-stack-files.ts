/** Stacks in directories below one root of this machine. */
import { chmod, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import path from "node:path";
import type { Database } from "../../platform/db/database.ts";
import { asStorageError, YardError } from "../../platform/errors.ts";
import type { Log } from "../../platform/log.ts";
import { createNameLock } from "../../platform/name-lock.ts";
import { loadProject } from "../compose/load-project.ts";
import { finishChange } from "./file-changes.ts";
import { composeName, createStackContents } from "./stack-contents.ts";
import { maxStackFileBytes, readWithin, syncDirectory, unfinishedPrefix } from "./stack-directory.ts";
import { openEnvStore, plainName } from "./stack-env.ts";
import { type LoadedStack, revisionOf, type StackFiles, type StackSource } from "./stack-files.ts";
import { activeEnvironmentIn, readMeta, setMeta } from "./stack-meta.ts";
import { isEnvironmentName, isStackName, requireStackName } from "./stack-names.ts";
import { exists, isBlankFile, isDirectory, prepareRoot } from "./stack-root.ts";
import { openStackWatch } from "./stack-watch.ts";
import { createStackWrites } from "./stack-writes.ts";

export interface StackFilesParts {
  /** Absolute; made when missing. */
  readonly root: string;
  readonly keyDirectory: string;
  readonly database: Pick<Database, "kysely">;
  readonly log: Log;
  /** Does what must work even on a full disk. */
  essential<T>(work: () => Promise<T>): Promise<T>;
}

const overlayPattern = /^compose\.([a-z0-9][a-z0-9_-]*)\.yaml$/;

/** @throws {YardError} precondition, unavailable: the root or the key cannot be used */
export async function openStackFiles({
  root,
  keyDirectory,
  database,
  log,
  essential,
}: StackFilesParts): Promise<StackFiles> {
  await prepareRoot(root);
  const contents = createStackContents({ env: await openEnvStore(keyDirectory), writes: createStackWrites(database) });
  await using opened = new AsyncDisposableStack();
  const watch = opened.use(await openStackWatch({ root, log }));
  const oneAtATime = createNameLock();

  const directoryOf = (name: string) => path.join(root, name);

  /** @throws {YardError} not_found, invalid */
  async function requireDirectory(name: string): Promise<string> {
    requireStackName(name);
    if (await isDirectory(directoryOf(name))) return directoryOf(name);
    throw new YardError("not_found", `There is no stack ${name}.`);
  }

  const readSource = async (name: string): Promise<StackSource> => {
    const directory = await requireDirectory(name);
    return { name, directory, ...(await contents.read(directory)) };
  };

  const changing = <T>(name: string, work: () => Promise<T>): Promise<T> =>
    oneAtATime(name, async () => {
      try {
        await finishChange(directoryOf(name)); // of a write before that failed in the midst of it
        return await work();
      } catch (error) {
        throw asStorageError(error, `Writing the stack ${name}`);
      } finally {
        await watch.look(name);
      }
    });

  const files: StackFiles = {
    async list() {
      const names = (await readdir(root, { withFileTypes: true })).filter(
        (one) => one.isDirectory() && isStackName(one.name),
      );
      const places = names.map(async ({ name }) => {
        const composePath = path.join(directoryOf(name), composeName);
        return { name, composePath, isBlank: await isBlankFile(composePath) };
      });
      return (await Promise.all(places)).sort((a, b) => (a.name < b.name ? -1 : 1));
    },
    read: readSource,
    exists: async (name) => isStackName(name) && (await isDirectory(directoryOf(name))),

    async create(stack, by) {
      const { name } = stack;
      requireStackName(name);
      requireContent(stack);
      return changing(name, async () => {
        if (await exists(directoryOf(name)))
          throw new YardError("conflict", `There is a stack ${name} already.`, { field: "name" });
        const stage = await mkdtemp(path.join(root, unfinishedPrefix));
        try {
          await contents.fill(stage, stack, by);
          await chmod(stage, 0o755);
          await rename(stage, directoryOf(name));
          await syncDirectory(root);
        } catch (error) {
          await rm(stage, { recursive: true, force: true });
          throw error;
        }
        return readSource(name);
      });
    },

    async write(name, content, by, expected) {
      const directory = await requireDirectory(name);
      requireContent(content);
      return changing(name, async () => {
        if (expected !== undefined && revisionOf(await contents.read(directory)) !== expected)
          throw new YardError("conflict", `The stack ${name} has been changed meanwhile: read it again.`);
        await contents.replace(name, directory, content, by);
        return readSource(name);
      });
    },

    async writeCompose(name, compose, by) {
      const directory = await requireDirectory(name);
      requireContent({ compose });
      await changing(name, async () => {
        const { env } = await contents.read(directory);
        await contents.replace(name, directory, { compose, ...(env !== undefined && { env }) }, by);
      });
    },

    async remove(name) {
      requireStackName(name);
      const clearAway = async () => {
        if (await isDirectory(directoryOf(name))) {
          const gone = await mkdtemp(path.join(root, unfinishedPrefix));
          await rename(directoryOf(name), path.join(gone, name)); // at once, however much is in it
          await syncDirectory(root);
          await rm(gone, { recursive: true, force: true });
        }
        await contents.forget(name);
      };
      await changing(name, () => essential(clearAway));
    },

    async environments(name) {
      const directory = await requireDirectory(name);
      const available = (await readdir(directory)).flatMap((file) => overlayPattern.exec(file)?.[1] ?? []);
      return { active: activeEnvironmentIn(await readMeta(directory)), available: available.sort() };
    },

    async setActiveEnvironment(name, environment) {
      const directory = await requireDirectory(name);
      if (environment !== "" && !isEnvironmentName(environment)) {
        throw new YardError(
          "invalid",
          "an environment's name has small letters, digits, _ and -, with a letter or digit first",
          { field: "active" },
        );
      }
      await changing(name, () => setMeta(directory, "active_environment", environment || undefined));
    },

    // In turn with those that write, so that whose the content is is found out of the very content that was read.
    load: (name, options = {}) =>
      oneAtATime(name, async (): Promise<LoadedStack> => {
        const source = await readSource(name);
        const { directory } = source;
        const wanted = options.environment || activeEnvironmentIn(await readMeta(directory)) || undefined;
        const environment = options.withoutOverlay ? undefined : wanted;
        const { project, merged } = await loadProject({
          name,
          directory,
          files: [
            { path: path.join(directory, composeName), text: source.compose },
            ...(environment === undefined ? [] : [await readOverlay(directory, environment)]),
          ],
          ...(source.env !== undefined && { env: { path: path.join(directory, plainName), text: source.env } }),
          globalEnv: options.globalEnv ?? new Map(),
          read: async (file) => (await readWithin(directory, file))?.toString(),
        });
        const isUntrusted = await contents.isUntrusted(name, directory);
        return { project, merged, source, isUntrusted, ...(environment !== undefined && { environment }) };
      }),

    onChange: (listener) => watch.onChange(listener),
    [Symbol.asyncDispose]: () => lifetime.disposeAsync(),
  };
  const lifetime = opened.move();
  return files;
}

async function readOverlay(directory: string, environment: string) {
  if (!isEnvironmentName(environment))
    throw new YardError("precondition", `${JSON.stringify(environment)} is no name of an environment.`);
  const name = `compose.${environment}.yaml`;
  const text = (await readWithin(directory, name))?.toString();
  if (text !== undefined) return { path: path.join(directory, name), text };
  throw new YardError(
    "precondition",
    `The environment ${environment} has no file: there is no ${name} in the stack's directory.`,
  );
}

/** @throws {YardError} too_large */
function requireContent({ compose, env = "" }: { readonly compose: string; readonly env?: string }): void {
  for (const [field, text] of Object.entries({ compose, env })) {
    if (Buffer.byteLength(text) <= maxStackFileBytes) continue;
    throw new YardError("too_large", `it has more than ${maxStackFileBytes} bytes`, { field });
  }
}
