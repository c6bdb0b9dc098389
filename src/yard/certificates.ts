/** Which certificate the yard shows, and what its clients have to trust. */
import type { Config } from "../config.ts";
import { systemClock } from "../platform/clock.ts";
import type { DataDirectory } from "../platform/data-directory.ts";
import { type TlsSource, tlsFromFiles } from "../platform/http/tls.ts";
import { selfSignedPaths, selfSignedTls } from "../platform/http/tls-self-signed.ts";

/** A certificate of our own making also serves a listener that is `https://` while `tls` is off. */
export function tlsSource(config: Config, data: DataDirectory): TlsSource {
  return config.tls.kind === "files" ? tlsFromFiles(config.tls) : selfSignedTls(data.tls, { clock: systemClock });
}

export function certificateFile({ tls }: Config, data: DataDirectory): string {
  return tls.kind === "files" ? tls.cert : selfSignedPaths(data.tls).cert;
}

/** What a client has to trust by name: only our own certificate, and only if the first address speaks TLS. */
export function certificatePath(config: Config, data: DataDirectory): string | undefined {
  return config.listen[0]?.secure && config.tls.kind !== "files" ? selfSignedPaths(data.tls).cert : undefined;
}
