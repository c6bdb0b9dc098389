/** The image of a sandbox that comes from another host, as the control plane hands it on. What the driver has to say in it, the driver itself reads. */
import type { ImagePart, SandboxImage } from "../sandboxes/sandbox.ts";
import { list, matching, number, object, parseLimits, text } from "./parse.ts";

const namePattern = /^[A-Za-z0-9_.-]{1,80}$/;
const hashPattern = /^[0-9a-f]{64}$/;

/** @throws {YardError} invalid */
export function parseImage(value: unknown, driver: string, id: string): SandboxImage {
  const fields = object(value, "image");
  const parts = list(fields.parts, "image.parts").map((one): ImagePart => {
    const { name, bytes, hash, diskBytes } = object(one, "image.parts");
    return {
      name: matching(name, "image.parts.name", namePattern),
      bytes: number(bytes, "image.parts.bytes", { integer: true }),
      hash: matching(hash, "image.parts.hash", hashPattern),
      diskBytes: number(diskBytes, "image.parts.diskBytes", { integer: true }),
    };
  });
  const limits = parseLimits(fields.limits, "image.limits");
  return { driver, version: 1, id, limits, data: object(fields.data, "image.data"), parts };
}

/** What a part is to be, as the path and the query of its request say. @throws {YardError} invalid */
export function parsePart(name: string, query: URLSearchParams): Omit<ImagePart, "diskBytes"> {
  return {
    name: matching(name, "part", namePattern),
    bytes: number(Number(text(query.get("bytes"), "bytes")), "bytes", { integer: true }),
    hash: matching(query.get("hash"), "hash", hashPattern),
  };
}
