/** Images from registries: the engine fetches them, the yard brings the credentials. */
import type { Engine } from "../platform/docker/engine.ts";
import { readJsonLines } from "../platform/docker/json-lines.ts";
import { isYardError, YardError, type YardErrorCode } from "../platform/errors.ts";
import type { DockerHost } from "./docker-hosts.ts";
import { requireAwake } from "./engine-limits.ts";
import { type EngineRecord, isRecord } from "./engine-record.ts";
import { type ImageReference, parseImageReference } from "./image-reference.ts";
import { within } from "./within.ts";

export interface RegistryCredentials {
  readonly username: string;
  readonly password: string;
}

/** Those that are kept for an image's registry, and may be used on that host. */
export type CredentialsFor = (image: ImageReference, host: DockerHost) => Promise<RegistryCredentials | undefined>;

export interface ImagePulls {
  /** Has the engine fetch an image. Resolves with its progress as the engine tells it, once that has begun; what goes wrong later is a record with `error`.
   *  It is given up when the signal aborts.
   *  @throws {YardError} precondition, for what is refused before it begins: no image's name, no such image, no access; unavailable, internal */
  start(host: DockerHost, reference: string, signal: AbortSignal): Promise<AsyncIterable<EngineRecord>>;
  /** The same, to its end. @throws {YardError} precondition, unavailable, internal */
  pull(host: DockerHost, reference: string, signal: AbortSignal): Promise<void>;
}

/** Until the registry has said whether there is such an image. */
const answerMs = 2 * 60_000;
/** Between two records: unpacking a large layer is told of all the time. */
const silenceMs = 5 * 60_000;

export function createImagePulls({ credentialsFor }: { readonly credentialsFor: CredentialsFor }): ImagePulls {
  async function start(host: DockerHost, reference: string, signal: AbortSignal): Promise<AsyncIterable<EngineRecord>> {
    try {
      const image = parseImageReference(reference);
      await requireAwake(host.engine);
      const begun = await begin(host.engine, image, await credentialsFor(image, host), signal);
      const refusal = begun.first.done ? undefined : errorIn(begun.first.value);
      if (refusal !== undefined) throw new YardError("internal", refusal);
      return resume(begun);
    } catch (error) {
      throw asPullError(error, reference);
    }
  }

  return {
    start,
    async pull(host, reference, signal) {
      for await (const record of await start(host, reference, signal)) {
        const failure = errorIn(record);
        if (failure !== undefined) throw asPullError(new YardError("internal", failure), reference);
      }
    },
  };
}

interface Begun {
  readonly first: IteratorResult<unknown, void>;
  readonly rest: AsyncIterator<unknown, void>;
}

function begin(
  engine: Engine,
  { name, tag, digest }: ImageReference,
  credentials: RegistryCredentials | undefined,
  signal: AbortSignal,
): Promise<Begun> {
  return engine.call(
    "pull the image",
    async (docker, abortSignal) => {
      const options = { fromImage: name, tag: digest ?? tag, abortSignal: AbortSignal.any([abortSignal, signal]) };
      const reply = await docker.createImage(credentials, options);
      const rest = readJsonLines(reply as AsyncIterable<Uint8Array>);
      return { first: await rest.next(), rest };
    },
    { timeoutMs: answerMs },
  );
}

async function* resume({ first, rest }: Begun): AsyncGenerator<EngineRecord, void> {
  for (let next = first; !next.done; next = await within(silenceMs, rest.next(), silent)) {
    if (isRecord(next.value)) yield next.value;
  }
}

function silent(): YardError {
  return new YardError("timeout", `The Docker engine has said nothing for ${silenceMs / 60_000} minutes.`);
}

function errorIn(record: unknown): string | undefined {
  if (!isRecord(record) || record.error === undefined) return undefined;
  return String(record.error);
}

/** The engine's answers that are a registry's refusals. */
const refused: ReadonlySet<YardErrorCode> = new Set(["invalid", "not_found", "forbidden", "conflict"]);
/** Older engines answer some of those as failures of their own. */
const refusals =
  /denied|unauthorized|authentication required|no basic auth|not found|manifest unknown|name unknown|invalid reference|no matching manifest/i;

function asPullError(error: unknown, reference: string): unknown {
  if (!isYardError(error)) return error;
  const isRefused = error.code === "internal" ? refusals.test(error.message) : refused.has(error.code);
  if (!isRefused) return error;
  const message = `The image ${reference} cannot be pulled: ${error.message}`;
  return new YardError("precondition", message, { cause: error, field: error.field });
}
