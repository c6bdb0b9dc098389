/** Names of registries: `host[:port][/path]`, as people give them and as images have them. */
import { YardError } from "../../platform/errors.ts";
import type { ImageReference } from "../image-reference.ts";

const hubNames: ReadonlySet<string> = new Set(["docker.io", "index.docker.io", "registry-1.docker.io"]);
const pattern =
  /^(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::\d{1,5})?(?:\/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*$/;
const maxLength = 255;

/** Without scheme and trailing slash, in small letters. @throws {YardError} invalid */
export function requireRegistryUrl(text: string): string {
  const url = text
    .trim()
    .toLowerCase()
    .replace(/^https?:\/\//, "")
    .replace(/\/+$/, "");
  if (url.length <= maxLength && pattern.test(url) && URL.canParse(`https://${url}`)) return url;
  const advice = "write it as registry.example, with a port or a path where it has one.";
  throw new YardError("invalid", `Not the address of a registry: ${advice}`, { field: "url" });
}

/** With its port. */
export function hostOfRegistry(url: string): string {
  return url.split("/", 1)[0]!;
}

/** Whether the credentials for that address are for that image. The path of Docker Hub's own address (`index.docker.io/v1`) is no part of images' names. */
export function isForImage(url: string, { registry, name }: ImageReference): boolean {
  const host = hostOfRegistry(url);
  if (nameOfHub(host) !== nameOfHub(registry.toLowerCase())) return false;
  const path = url.slice(host.length + 1);
  if (path === "" || /^v[12]$/.test(path)) return true;
  const repository = name.toLowerCase().startsWith(`${registry.toLowerCase()}/`)
    ? name.slice(registry.length + 1)
    : name;
  return repository === path || repository.startsWith(`${path}/`);
}

function nameOfHub(host: string): string {
  return hubNames.has(host) ? "docker.io" : host;
}

/** Where its API begins. As engines do, a registry on the machine itself is asked without TLS. */
export function apiOfRegistry(url: string): URL {
  const host = hostOfRegistry(url);
  if (hubNames.has(host)) return new URL("https://registry-1.docker.io/v2/");
  const isOwn = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/.test(host);
  return new URL(`${isOwn ? "http" : "https"}://${host}/v2/`);
}
