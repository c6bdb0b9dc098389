/** Files of stacks on this host, for the control plane. */
import { Readable } from "node:stream";
import { readBytes, readJson, sendJson, sendNothing, textOf } from "./http.ts";
import { parseHostPaths, parseStackName, parseStackSource, parseStackSources } from "./parse.ts";
import type { Routes } from "./router.ts";
import type { StackPlaces } from "./stack-places.ts";

const stackPath = "/v1/stacks/{stack}";

export function stackRoutes(places: StackPlaces): Routes {
  return {
    [`POST ${stackPath}/find`]: async (request) => {
      const sources = parseStackSources(await readJson(request));
      sendJson(request, await places.find(parseStackName(request.params.stack), sources));
    },
    [`PUT ${stackPath}/files`]: async (request) => {
      const { query, params } = request;
      const source = { path: textOf(query, "path"), digest: textOf(query, "digest"), isWritable: false };
      const archive = Readable.from(readBytes(request));
      await places.fill(parseStackName(params.stack), parseStackSource(source), archive);
      sendNothing(request);
    },
    [`POST ${stackPath}/keep`]: async (request) => {
      const hostPaths = parseHostPaths(await readJson(request));
      await places.keepOnly(parseStackName(request.params.stack), hostPaths);
      sendNothing(request);
    },
    [`DELETE ${stackPath}`]: async (request) => {
      await places.remove(parseStackName(request.params.stack));
      sendNothing(request);
    },
  };
}
