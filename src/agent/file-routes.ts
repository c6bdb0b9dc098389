/** The files of a sandbox, for the other end of the connection: SandboxFiles of sandboxes/sandbox.ts, under `S/files`. */
import { once } from "node:events";
import type { HeldFile, SandboxFiles } from "../sandboxes/sandbox.ts";
import {
  canReply,
  numberOf,
  type Request,
  readBytes,
  readJson,
  sendJson,
  sendNothing,
  sendStream,
  textOf,
} from "./http.ts";
import { parseMove, parsePath } from "./parse.ts";
import type { Routes } from "./router.ts";
import { required, type SandboxLookup, sandboxPath } from "./sandbox-lookup.ts";

const filesPath = `${sandboxPath}/files`;
/** A list is answered as one piece of JSON. */
const mostEntries = 100_000;
const mostLevels = 1_000;
const permissionBits = 0o7777;

export function fileRoutes(find: SandboxLookup): Routes {
  async function filesOf(request: Request): Promise<SandboxFiles> {
    const { files, handle } = await find.sandbox(request);
    return required(files, handle.driver, "show files");
  }
  const pathOf = ({ query }: Request) => textOf(query, "path");
  const modeOf = ({ query }: Request) =>
    query.has("mode") ? numberOf(query, "mode", { default: 0, most: permissionBits }) : undefined;

  return {
    [`GET ${filesPath}`]: async (request) => {
      const files = await filesOf(request);
      sendJson(request, await files.stat(pathOf(request)));
    },
    [`DELETE ${filesPath}`]: async (request) => {
      const files = await filesOf(request);
      await files.remove(pathOf(request));
      sendNothing(request);
    },
    [`GET ${filesPath}/list`]: async (request) => {
      const files = await filesOf(request);
      const depth = numberOf(request.query, "depth", { default: 1, most: mostLevels });
      const maxEntries = numberOf(request.query, "maxEntries", { default: mostEntries, most: mostEntries });
      sendJson(request, await files.list(pathOf(request), { depth, maxEntries }));
    },
    [`GET ${filesPath}/content`]: async (request) => {
      const files = await filesOf(request);
      const { size, content } = await files.read(pathOf(request));
      await sendStream(request, content, { "file-size": size });
    },
    [`PUT ${filesPath}/content`]: async (request) => {
      const files = await filesOf(request);
      const mode = modeOf(request);
      const bytes = await files.write(pathOf(request), readBytes(request), { mode });
      sendJson(request, { bytes });
    },
    [`POST ${filesPath}/hold`]: async (request) => {
      const { files, handle } = await find.sandbox(request);
      const hold = required(files?.hold, handle.driver, "hold files open");
      using held = await hold(pathOf(request), { mode: modeOf(request) });
      await sendHeld(request, held);
    },
    [`POST ${filesPath}/directory`]: async (request) => {
      const files = await filesOf(request);
      sendJson(request, await files.makeDirectory(parsePath(await readJson(request))));
    },
    [`POST ${filesPath}/move`]: async (request) => {
      const files = await filesOf(request);
      const { from, to } = parseMove(await readJson(request));
      await files.move(from, to);
      sendNothing(request);
    },
  };
}

/** Says which descriptor of this process it is, and which file; returns once the client has ended its request, or is gone. */
async function sendHeld({ stream, signal }: Request, { fd, status: { dev, ino, size } }: HeldFile): Promise<void> {
  if (!canReply(stream)) return;
  stream.respond({ ":status": 200, "held-fd": fd, "held-file": `${dev}:${ino}`, "file-size": size });
  stream.resume();
  await Promise.race([once(stream, "end", { signal }), once(stream, "close", { signal })]).catch(() => {});
  stream.end();
}
