/** Takes over a project that runs already: its files come here, and its containers are left as they are; that they belong together is in their labels. */
import { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { isYardError, YardError } from "../../platform/errors.ts";
import { maxTarBytes, readTar } from "../../platform/trees/tar.ts";
import type { TreeEntries } from "../../platform/trees/tree-entry.ts";
import type { ComposeProject } from "../compose/project.ts";
import { type ActualContainer, listContainers } from "../deploy/actual-state.ts";
import type { DockerHost } from "../docker-hosts.ts";
import { companionLimits } from "./companions.ts";
import type { Placements } from "./placements.ts";
import type { Author, StackFiles } from "./stack-files.ts";
import { requireStackName } from "./stack-names.ts";

export interface AdoptParts {
  readonly files: Pick<StackFiles, "create" | "exists" | "load">;
  readonly placements: Pick<Placements, "get" | "put" | "remove">;
}

export interface Adoption {
  /** The project's as well. */
  readonly name: string;
  readonly host: DockerHost;
  readonly compose: string;
  readonly env?: string;
  /** Further files: a tar archive, gzipped, in base64. */
  readonly bundle?: string;
}

export interface Adopted {
  readonly containers: number;
  readonly warnings: readonly string[];
  /** Services that do not run as the files say. */
  readonly drift: readonly string[];
}

/** @throws {YardError} conflict (there is such a stack), precondition (nothing of that project is there), invalid, too_large (both of the bundle), unavailable */
export async function adoptProject(
  { name, host, bundle, ...content }: Adoption,
  by: Author,
  { files, placements }: AdoptParts,
): Promise<Adopted> {
  requireStackName(name);
  if (await files.exists(name)) throw new YardError("conflict", `There is a stack ${name} already.`, { field: "name" });
  const containers = await listContainers(host.engine, name);
  if (containers.length === 0) {
    throw new YardError(
      "precondition",
      `The host ${host.name} has no container of a project ${name}: there is nothing to adopt.`,
    );
  }
  const companions = bundle ? readBundle(bundle) : undefined;
  const before = await placements.get(name);
  await placements.put(name, { hostId: host.id }); // first: files without it, after a crash, could not be adopted again
  try {
    await files.create({ name, ...content, ...(companions && { companions }) }, by);
  } catch (error) {
    // Where somebody else has made it in this moment, it is theirs.
    if (before === undefined && !isYardError(error, "conflict")) await placements.remove(name);
    throw error;
  }
  return { containers: containers.length, ...(await compare(name, containers, files)) };
}

/** @throws {YardError} invalid, too_large: when it is read */
function readBundle(base64: string): TreeEntries {
  const bytes = Buffer.from(base64, "base64");
  // Node passes over what is no base64; what comes of it must be what was given.
  if (bytes.length === 0 || bytes.toString("base64").replace(/=+$/, "") !== base64.replaceAll(/\s|=+$/g, "")) {
    throw new YardError("invalid", "is no base64", { field: "bundle" });
  }
  return unpack(bytes);
}

async function* unpack(bytes: Buffer): TreeEntries & AsyncGenerator {
  const source = Readable.from([bytes], { objectMode: false });
  const unzipped = source.pipe(createGunzip());
  source.on("error", (error) => unzipped.destroy(error));
  try {
    yield* readTar(unzipped, { maxBytes: maxTarBytes(companionLimits) });
  } catch (error) {
    throw isYardError(error, "invalid") || isZipError(error) ? refusedBundle(error) : error;
  } finally {
    unzipped.destroy();
  }
}

function isZipError(error: unknown): error is Error {
  return error instanceof Error && "code" in error && /^Z_/.test(String(error.code));
}

function refusedBundle(error: Error): YardError {
  const message = isYardError(error) ? error.message : `It cannot be unzipped: ${error.message}.`;
  return new YardError("invalid", message, { field: "bundle", cause: error });
}

/** Files that cannot be loaded are taken all the same: they can be mended here. */
async function compare(
  name: string,
  containers: readonly ActualContainer[],
  files: Pick<StackFiles, "load">,
): Promise<Omit<Adopted, "containers">> {
  try {
    const { project } = await files.load(name);
    return { drift: driftOf(project, containers), warnings: strangersOf(project, containers) };
  } catch (error) {
    if (!isYardError(error, "precondition")) throw error;
    return { drift: [], warnings: [error.message] };
  }
}

function driftOf(project: ComposeProject, containers: readonly ActualContainer[]): readonly string[] {
  const isDifferent = (service: string, image: string) => {
    const own = containers.filter((container) => container.service === service);
    return own.length === 0 || own.some((container) => container.image !== image);
  };
  return [...project.services.values()].filter(({ name, image }) => isDifferent(name, image)).map(({ name }) => name);
}

function strangersOf(project: ComposeProject, containers: readonly ActualContainer[]): readonly string[] {
  const unknown = new Set(containers.map(({ service }) => service).filter((service) => !project.services.has(service)));
  return [...unknown].map((service) => `The service ${service} runs, and the files do not mention it.`);
}
