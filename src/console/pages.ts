/** `/console`: the web console, a single page and its parts. `/` leads there, and so does `/login`, where providers of sign-in lead back to. */
import { Type } from "typebox";
import { YardError } from "../platform/errors.ts";
import type { ApiInstance, ApiReply, ApiRequest } from "../platform/http/api.ts";
import { type BuiltFile, createBuiltFiles, type Encoding } from "./built-files.ts";
import { unbuiltPage } from "./unbuilt-page.ts";

export interface ConsolePagesParts {
  /** Of the console's build. */
  readonly directory: string;
}

/** Own scripts and nothing inline: what containers and logs print can never become one. Styles may be inline, since the terminal and the
 *  editor write theirs into the page. */
const securityPolicy = [
  "default-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join("; ");

const yearSeconds = 365 * 24 * 3_600;
const hidden = { schema: { hide: true }, config: { undocumented: "a page, or a part of one" } };
const ofConsole = { ...hidden, schema: { hide: true, params: Type.Object({ "*": Type.String() }) } };

export function registerConsolePages(app: ApiInstance, { directory }: ConsolePagesParts): void {
  const files = createBuiltFiles(directory);

  const sendPage = async (request: ApiRequest, reply: ApiReply) => {
    const page = await load(await files.find("index.html"), request);
    reply.header("content-security-policy", securityPolicy);
    reply.header("cross-origin-opener-policy", "same-origin");
    reply.header("cache-control", "no-store");
    if (page) return sendFile(page, reply);
    return reply.code(503).header("retry-after", "2").type("text/html; charset=utf-8").send(unbuiltPage);
  };

  app.get("/", hidden, (_request, reply) => reply.redirect("/console"));
  // The fragment with the tokens goes along: a browser keeps it on its way.
  app.get("/login", hidden, (request, reply) => reply.redirect(`/console/login${queryOf(request.url)}`));
  app.get("/console", hidden, sendPage);
  app.get("/console/*", ofConsole, async (request, reply) => {
    const name = request.params["*"];
    if (!name.startsWith("assets/")) return sendPage(request, reply); // a place inside of the console
    const file = await load(await files.find(name), request);
    if (!file) throw new YardError("not_found", "The console has no such file any more. Reload the page.");
    reply.header("cache-control", file.isImmutable ? `public, max-age=${yearSeconds}, immutable` : "no-cache");
    return sendFile(file, reply);
  });
}

interface LoadedFile extends BuiltFile {
  readonly encoding: Encoding;
  readonly bytes: Buffer;
}

/** All of it before the first header is set: else an error would be kept for a year, as the file would. */
async function load(file: BuiltFile | undefined, request: ApiRequest): Promise<LoadedFile | undefined> {
  const encoding = encodingFor(request.headers["accept-encoding"]);
  const bytes = await file?.content(encoding);
  return file && bytes && { ...file, encoding, bytes };
}

function sendFile({ contentType, encoding, bytes }: LoadedFile, reply: ApiReply) {
  if (encoding !== "identity") reply.header("content-encoding", encoding);
  reply.header("vary", "accept-encoding");
  return reply.type(contentType).send(bytes);
}

/** What browsers send is `gzip, deflate, br`, with nothing refused: quality values are not weighed. */
function encodingFor(accepted: string | string[] = ""): Encoding {
  const names = String(accepted)
    .split(",")
    .map((each) => each.trim());
  return (["br", "gzip"] as const).find((each) => names.includes(each)) ?? "identity";
}

function queryOf(url: string): string {
  const start = url.indexOf("?");
  return start < 0 ? "" : url.slice(start);
}
