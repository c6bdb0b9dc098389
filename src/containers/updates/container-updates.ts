/** Containers of newer images of the same name, and back. */
import type Docker from "dockerode";
import type { Clock } from "../../platform/clock.ts";
import { isYardError, YardError } from "../../platform/errors.ts";
import { newId } from "../../platform/ids.ts";
import type { WithName } from "../../platform/name-lock.ts";
import type { DockerHost } from "../docker-hosts.ts";
import type { CredentialsFor, ImagePulls } from "../image-pull.ts";
import { type ImageReference, parseImageReference } from "../image-reference.ts";
import { requireContainerReference } from "../streams/container-reference.ts";
import type { ExchangeJournal } from "./exchange-journal.ts";
import { type Exchanges, turnOf } from "./exchanges.ts";
import { nameOfContainer } from "./replace-container.ts";
import { tagImage, untagImage } from "./tags.ts";
import type { ContainerUpdate, UpdateHistory } from "./update-history.ts";

export interface UpdateInfo {
  readonly image: string;
  /** Empty: the image came from no registry. */
  readonly currentDigest: string;
  readonly latestDigest: string;
  readonly isAvailable: boolean;
}

export interface UpdateResult {
  readonly containerId: string;
  /** Ids; the same, if there was nothing newer. */
  readonly oldImageId: string;
  readonly newImageId: string;
}

export interface ContainerUpdates {
  /** Asks the registry. @throws {YardError} not_found; precondition (the container's image has no name, or its registry refuses) */
  info(host: DockerHost, id: string): Promise<UpdateInfo>;
  /** Pulls the image's name, and puts an identical container of it in the old one's place if it is another one now.
   *  @throws {YardError} as `info` */
  update(host: DockerHost, id: string): Promise<UpdateResult>;
  /** Back to the image from before an update. @throws {YardError} not_found (no such container, or update of it), conflict (done already) */
  rollback(
    host: DockerHost,
    id: string,
    updateId: number,
  ): Promise<{ readonly containerId: string; readonly image: string }>;
  /** Newest first. @throws {YardError} not_found */
  history(host: DockerHost, id: string): Promise<readonly ContainerUpdate[]>;
}

export interface ContainerUpdateParts {
  readonly pulls: Pick<ImagePulls, "pull">;
  readonly credentialsFor: CredentialsFor;
  readonly history: UpdateHistory;
  readonly journal: Pick<ExchangeJournal, "beginUpdate" | "beginRollback">;
  readonly exchanges: Pick<Exchanges, "replace" | "clearUp">;
  /** Shared with `exchanges`. */
  readonly withName: WithName;
  readonly clock: Clock;
}

/** Old images stay under this name, with a tag for each update. */
const keptRepository = "runyard-before-update";
const pullMs = 60 * 60_000;

export function createContainerUpdates(parts: ContainerUpdateParts): ContainerUpdates {
  const { pulls, credentialsFor, history, journal, exchanges, withName, clock } = parts;

  async function inspect({ engine }: DockerHost, id: string): Promise<Docker.ContainerInspectInfo> {
    requireContainerReference(id);
    return engine.call("look at the container", (docker, abortSignal) =>
      docker.getContainer(id).inspect({ abortSignal }),
    );
  }

  const placeOf = ({ id: hostId }: DockerHost, container: Docker.ContainerInspectInfo) => {
    return { hostId, containerName: nameOfContainer(container) };
  };

  /** One change of a container at a time; it is looked at when its turn has come. */
  async function inTurn<T>(host: DockerHost, id: string, work: (container: Docker.ContainerInspectInfo) => Promise<T>) {
    requireContainerReference(id);
    await exchanges.clearUp(host); // else the name may be another container's, or nobody's
    const place = placeOf(host, await inspect(host, id));
    return withName(turnOf(place), async () => work(await inspect(host, id)));
  }

  return {
    async info(host, id) {
      const container = await inspect(host, id);
      const image = imageOf(container);
      const { RepoDigests = [] } = await imageInfo(host, container.Image);
      const digests = RepoDigests.filter((one) => one.startsWith(`${image.reference.name}@`)).map(digestIn);
      const latestDigest = await latestOf(host, image.reference, await credentialsFor(image.reference, host));
      const isAvailable = !digests.includes(latestDigest);
      return {
        image: image.text,
        latestDigest,
        isAvailable,
        currentDigest: (isAvailable ? digests[0] : latestDigest) ?? "",
      };
    },
    update: (host, id) =>
      inTurn(host, id, async (container) => {
        const { text } = imageOf(container);
        await pulls.pull(host, text, AbortSignal.timeout(pullMs));
        const { Id: newImageId } = await imageInfo(host, text);
        const oldImageId = container.Image;
        if (newImageId === oldImageId) return { containerId: container.Id, oldImageId, newImageId };
        const keptAs = `${keptRepository}:${newId("kept")}`;
        const place = placeOf(host, container);
        const images = { image: text, oldImageId, newImageId, keptAs };
        const containerId = await exchanges.replace(host, container, {
          ...{ place, image: text },
          begin: (exchange) => journal.beginUpdate(exchange, images, clock.now()),
          prepare: () => tagImage(host, oldImageId, keptAs),
        });
        for (const { keptAs: forgotten } of await history.forgetOld(place)) await untagImage(host, forgotten);
        return { containerId, oldImageId, newImageId };
      }),
    rollback: (host, id, updateId) =>
      inTurn(host, id, async (container) => {
        const place = placeOf(host, container);
        const update = await history.find(place, updateId);
        if (!update) throw new YardError("not_found", `The container has no update ${updateId}.`);
        if (update.rolledBackAt !== null) throw alreadyBack(updateId);
        const containerId = await exchanges.replace(host, container, {
          ...{ place, image: update.image },
          begin: (exchange) => journal.beginRollback(exchange, update, clock.now()),
          prepare: () => tagImage(host, update.keptAs, update.image), // so that it goes on by the name it had
        });
        return { containerId, image: update.image };
      }),
    async history(host, id) {
      return history.list(placeOf(host, await inspect(host, id)));
    },
  };
}

/** @throws {YardError} precondition */
function imageOf({ Config: { Image: text } }: Docker.ContainerInspectInfo): {
  text: string;
  reference: ImageReference;
} {
  const isId = /^(?:sha256:)?[0-9a-f]{64}$/.test(text);
  const reference = isId ? undefined : parseImageReference(text);
  if (reference?.tag !== undefined) return { text, reference };
  throw new YardError(
    "precondition",
    `The container is made of one certain image, ${text}: there is no newer one of it.`,
  );
}

function imageInfo({ engine }: DockerHost, image: string): Promise<Docker.ImageInspectInfo> {
  return engine.call("look at the image", (docker) => docker.getImage(image).inspect());
}

/** What the registry has by that name now. */
async function latestOf(
  { engine }: DockerHost,
  { name, tag }: ImageReference,
  authconfig: Awaited<ReturnType<CredentialsFor>>,
): Promise<string> {
  try {
    const { Descriptor } = await engine.call("ask the registry for the image", (docker, abortSignal) =>
      docker.getImage(`${name}:${tag}`).distribution({ authconfig, abortSignal }),
    );
    return Descriptor.digest;
  } catch (error) {
    if (!isYardError(error) || error.code === "unavailable") throw error;
    throw new YardError("precondition", error.message, { cause: error });
  }
}

function digestIn(repoDigest: string): string {
  return repoDigest.slice(repoDigest.indexOf("@") + 1);
}

function alreadyBack(updateId: number): YardError {
  return new YardError("conflict", `The update ${updateId} was rolled back already.`);
}
