/** How a download is answered: Mitosis' own programs read URL and size from the body, others are led there. */
import type { ApiReply, ApiRequest } from "../../platform/http/api.ts";
import { absoluteUrl } from "../../platform/http/origin.ts";
import { quirks, type Reading } from "./quirks.ts";

export interface Download {
  readonly url: string;
  /** Bytes. */
  readonly size: number;
}

export function downloadToWire(request: ApiRequest, { url, size }: Download) {
  return { url: absoluteUrl(request, url), size };
}

/** @param download where the file is */
export function sendDownload(request: ApiRequest, reply: ApiReply, download: Download, reading: Reading): ApiReply {
  const body = downloadToWire(request, download);
  const status = quirks.downloadStatus[reading];
  return status === 302 ? reply.code(status).header("location", body.url).send() : reply.code(status).send(body);
}
