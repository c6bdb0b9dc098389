/** A download for the person at the terminal: a bar while it is under way, and a line when the file is there. */
import type { YardClient } from "../../client/http.ts";
import { inert } from "../../client/inert.ts";
import type { Place } from "../../client/tasks-artifacts.ts";
import { downloadInto, downloadTo } from "../../client/transfers.ts";
import { bytesText } from "../app/text.ts";
import { openProgressBar } from "./progress-bar.ts";

export interface DownloadOptions {
  /** A file, or `-` for standard output. */
  readonly to: string;
  /** Replace a file that is there. */
  readonly force: boolean;
  readonly signal: AbortSignal;
  readonly json?: boolean;
}

export async function download(
  client: YardClient,
  { url, size }: Place,
  { to, force, signal, json }: DownloadOptions,
): Promise<void> {
  using bar = openProgressBar(process.stderr, { countText: bytesText });
  const onProgress = (bytes: number): void => bar.show({ done: bytes, total: size });
  if (to === "-") return await downloadInto(client, url, process.stdout, { signal, onProgress });
  await downloadTo(client, { url, path: to, force }, { signal, onProgress });
  bar.clear();
  console.log(json ? JSON.stringify({ file: to, bytes: size }) : `${inert(to)} is written: ${bytesText(size)}.`);
}
