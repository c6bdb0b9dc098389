/** Names of images: `registry.example:5000/team/app:1.2@sha256:…`, every part but the path optional. @see the reference grammar of distribution */
import { YardError } from "../platform/errors.ts";

export interface ImageReference {
  /** `docker.io` where the name names none. */
  readonly registry: string;
  /** As the engine knows it: with the registry as it was given, without tag and digest. */
  readonly name: string;
  /** Absent with a digest; else `latest` where none is given. */
  readonly tag?: string;
  readonly digest?: string;
}

const part = "[a-z0-9]+(?:(?:\\.|_{1,2}|-+)[a-z0-9]+)*";
const path = new RegExp(`^${part}(?:/${part})*$`);
const host = /^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:]+\])(?::\d{1,5})?$/;
const tagText = /^\w[\w.-]{0,127}$/;
const digestText = /^[a-z0-9]+(?:[+._-][a-z0-9]+)*:[0-9a-fA-F]{32,128}$/;
const longest = 512;

/** @throws {YardError} invalid, `field` image */
export function parseImageReference(text: string): ImageReference {
  const [tagged = "", digest, ...more] = text.split("@");
  const colon = tagged.lastIndexOf(":");
  const hasTag = colon > tagged.lastIndexOf("/");
  const name = hasTag ? tagged.slice(0, colon) : tagged;
  const tag = hasTag ? tagged.slice(colon + 1) : undefined;
  const [first = "", ...rest] = name.split("/");
  const isHost = rest.length > 0 && (/[.:[]/.test(first) || first === "localhost" || first !== first.toLowerCase());
  const isWhole =
    text.length <= longest &&
    more.length === 0 &&
    (!isHost || host.test(first)) &&
    path.test(isHost ? rest.join("/") : name) &&
    (tag === undefined || tagText.test(tag)) &&
    (digest === undefined || digestText.test(digest));
  if (!isWhole) {
    const shown = JSON.stringify(text.slice(0, 200));
    throw new YardError("invalid", `${shown} is no name of an image, as nginx:1.27 or registry.example/team/app`, {
      field: "image",
    });
  }
  const registry = isHost ? first : "docker.io";
  if (digest !== undefined) return { registry, name, digest };
  return { registry, name, tag: tag ?? "latest" };
}
