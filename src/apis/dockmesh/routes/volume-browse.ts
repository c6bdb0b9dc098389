/** What is in volumes. Who may manage the fleet may look: it is anybody's data. */
import { type Static, Type } from "typebox";
import type { VolumeEntry as Entry, VolumeFile } from "../../../containers/volume-browse/volume-browser.ts";
import { principalOf } from "../../../identity/admission.ts";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { createAskedHosts } from "../asked-hosts.ts";
import { errorReplies } from "../errors.ts";
import type { DockmeshParts } from "../parts.ts";
import { basePath, bearer, HostQuery } from "../schemas.ts";
import type { Toolbox } from "../toolbox.ts";
import { VolumePath } from "./volumes.ts";

const VolumeEntry = Type.Object({
  name: Type.String(),
  type: Type.Enum(["file", "dir", "symlink"]),
  size: Type.Integer({ description: "Bytes" }),
  mode: Type.String({ description: "As ls shows it: `-rw-r--r--`" }),
  mod_time: Type.String({ format: "date-time" }),
  link_dest: Type.Optional(Type.String()),
});

const VolumeFileResult = Type.Object({
  content: Type.String({ format: "byte", description: "Base64, of the first MiB" }),
  size: Type.Integer({ description: "Bytes, of the whole file" }),
  truncated: Type.Boolean(),
  binary: Type.Boolean({ description: "It is no text in UTF-8" }),
});

const about = { tags: ["volumes"], security: bearer, params: VolumePath };
const errors = errorReplies(400, 401, 403, 404, 409, 422, 503);

export function registerVolumeBrowseRoutes(
  app: ApiInstance,
  { dockerHosts, volumeBrowser }: Pick<DockmeshParts, "dockerHosts" | "volumeBrowser">,
  { guards, trail }: Toolbox,
): void {
  const onRequest = guards.may("user.manage");
  const asked = createAskedHosts(dockerHosts);

  app.get(
    `${basePath}/volumes/:name/browse`,
    {
      onRequest,
      schema: {
        ...about,
        operationId: "volumes.browse",
        summary: "List a directory of a volume, by name",
        querystring: Type.Object({
          ...HostQuery.properties,
          path: Type.Optional(Type.String({ description: "`/` if absent" })),
        }),
        response: { 200: Type.Array(VolumeEntry), ...errors },
      },
    },
    async (request) => {
      const host = asked.one(request);
      const { name } = request.params;
      const { path = "/" } = request.query;
      const what = { action: "volume.browse", target: name, details: { host: host.name, path } };
      const entries = await trail.change(request, principalOf(request), what, () =>
        volumeBrowser.list(host, name, path),
      );
      return entries.map(entryToWire);
    },
  );

  app.get(
    `${basePath}/volumes/:name/browse/file`,
    {
      onRequest,
      schema: {
        ...about,
        operationId: "volumes.browse_file",
        summary: "Read the beginning of a file in a volume",
        querystring: Type.Object({ ...HostQuery.properties, path: Type.String({ minLength: 1 }) }),
        response: { 200: VolumeFileResult, ...errors },
      },
    },
    async (request) => {
      const host = asked.one(request);
      const { name } = request.params;
      const { path } = request.query;
      const what = { action: "volume.read_file", target: name, details: { host: host.name, path } };
      return fileToWire(
        await trail.change(request, principalOf(request), what, () => volumeBrowser.read(host, name, path)),
      );
    },
  );
}

function entryToWire({ name, type, sizeBytes, mode, modifiedMs, target }: Entry): Static<typeof VolumeEntry> {
  return {
    ...{ name, type, size: sizeBytes, mode: modeToWire(type, mode), mod_time: new Date(modifiedMs).toISOString() },
    ...(target !== undefined && { link_dest: target }),
  };
}

function modeToWire(type: Entry["type"], mode: number): string {
  const letters = [...(mode & 0o777).toString(2).padStart(9, "0")].map((bit, i) => (bit === "1" ? "rwx"[i % 3] : "-"));
  return { dir: "d", symlink: "l", file: "-" }[type] + letters.join("");
}

function fileToWire({ content, sizeBytes }: VolumeFile): Static<typeof VolumeFileResult> {
  const truncated = content.length < sizeBytes;
  return { content: content.toString("base64"), size: sizeBytes, truncated, binary: !isText(content, truncated) };
}

/** Where the text is cut off, a character of it may be, too. */
function isText(content: Buffer, isCut: boolean): boolean {
  if (content.includes(0)) return false;
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(content, { stream: isCut });
    return true;
  } catch {
    return false;
  }
}
