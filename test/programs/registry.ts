/** A registry of images for tests: as much of the distribution protocol as pulling takes. It runs in the network namespace of a tests' engine; whoever started
 *  it tells it by messages what it has. @see https://distribution.github.io/distribution/spec/api/ */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { buffer } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { pack } from "tar-stream";

/** What an image is to be: there is a busybox in each, and a file that tells them apart. */
export interface RegistryImage {
  readonly name: string;
  readonly tag: string;
  readonly version: string;
  readonly env?: readonly string[];
  /** There is `sh` in it; so it is if nothing is said. */
  readonly hasShell?: boolean;
}

const manifestType = "application/vnd.docker.distribution.manifest.v2+json";
const blobs = new Map<string, Buffer>();
const manifests = new Map<string, Buffer>();

function keep(content: Buffer): { readonly digest: string; readonly size: number } {
  const digest = digestOf(content);
  blobs.set(digest, content);
  return { digest, size: content.length };
}

function digestOf(content: Buffer): string {
  return `sha256:${createHash("sha256").update(content).digest("hex")}`;
}

async function add({ name, tag, version, env = [], hasShell = true }: RegistryImage): Promise<void> {
  const archive = pack();
  archive.entry({ name: "bin/busybox", mode: 0o755 }, readFileSync("/bin/busybox"));
  if (hasShell) archive.entry({ name: "bin/sh", type: "symlink", linkname: "busybox" });
  archive.entry({ name: "bin/sleep", type: "symlink", linkname: "busybox" });
  archive.entry({ name: "version" }, version);
  archive.finalize();
  const layer = await buffer(archive);
  const config = {
    ...{ architecture: process.arch === "x64" ? "amd64" : process.arch, os: "linux" },
    config: { Env: ["PATH=/bin", `VERSION=${version}`, ...env], Cmd: ["sleep", "100000"], Labels: { version } },
    rootfs: { type: "layers", diff_ids: [digestOf(layer)] },
  };
  const manifest = {
    ...{ schemaVersion: 2, mediaType: manifestType },
    config: {
      mediaType: "application/vnd.docker.container.image.v1+json",
      ...keep(Buffer.from(JSON.stringify(config))),
    },
    layers: [{ mediaType: "application/vnd.docker.image.rootfs.diff.tar.gzip", ...keep(gzipSync(layer)) }],
  };
  const content = Buffer.from(JSON.stringify(manifest));
  manifests.set(`${name}:${tag}`, content);
  manifests.set(`${name}:${digestOf(content)}`, content);
}

const credentials = `Basic ${Buffer.from("someone:right").toString("base64")}`;

/** @param isPrivate what it has is for those alone who show credentials */
function listen(port: number, isPrivate: boolean): Promise<unknown> {
  const server = createServer((request, response) => {
    const refuse = (status: number, code: string, headers = {}) => {
      response.writeHead(status, { "content-type": "application/json", ...headers });
      response.end(JSON.stringify({ errors: [{ code, message: code.toLowerCase() }] }));
    };
    if (isPrivate && request.headers.authorization !== credentials) {
      return refuse(401, "UNAUTHORIZED", { "www-authenticate": 'Basic realm="tests"' });
    }
    const path = request.url ?? "";
    if (path === "/v2/") return void response.end("{}");
    const [, name = "", kind, reference = ""] = /^\/v2\/(.+)\/(manifests|blobs)\/(.+)$/.exec(path) ?? [];
    const content = kind === "manifests" ? manifests.get(`${name}:${reference}`) : blobs.get(reference);
    if (content === undefined) return refuse(404, "MANIFEST_UNKNOWN");
    response.writeHead(200, {
      "content-type": kind === "manifests" ? manifestType : "application/octet-stream",
      "content-length": content.length,
      "docker-content-digest": digestOf(content),
    });
    response.end(request.method === "HEAD" ? undefined : content);
  });
  server.listen(port, "127.0.0.1");
  return once(server, "listening");
}

await Promise.all([listen(5000, false), listen(5001, true)]);
process.on("message", (image) => void add(image as RegistryImage).then(() => process.send?.("added")));
process.on("disconnect", () => process.exit());
process.send?.("ready");
