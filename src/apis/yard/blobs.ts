/** Content by signed URLs, as an API of its own: so that a listener where only Mitosis answers can serve the URLs that it hands out. */

import { YardError } from "../../platform/errors.ts";
import type { Api } from "../../platform/http/api.ts";
import type { SignedBlobs } from "./parts.ts";
import { registerBlobRoutes } from "./routes/blobs.ts";
import { sendXmlError } from "./routes/blobs-errors.ts";

export function blobsApi(blobs: SignedBlobs, version: string): Api {
  return {
    name: "blobs",
    title: "Signed URLs",
    version,
    description: "Content up and down for whoever has a URL that the yard has signed.",
    pathPrefixes: ["/yard/v1/blobs"],
    register: (app) => registerBlobRoutes(app, blobs),
    sendError: sendXmlError,
    notFound: (request, reply) =>
      sendXmlError(
        new YardError("not_found", `There is no ${request.method} ${request.url.split("?", 1)[0]}.`),
        request,
        reply,
      ),
  };
}
