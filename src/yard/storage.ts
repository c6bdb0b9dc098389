/** Where large content lives, and the files of tasks and teams in it. */
import type { SignedBlobs } from "../apis/yard/parts.ts";
import type { Config } from "../config.ts";
import { defaultStorageQuotaBytes } from "../identity/quotas.ts";
import type { BlobStore, BlobUrls } from "../platform/blobs/blob-store.ts";
import { openFileBlobStore } from "../platform/blobs/file-store.ts";
import { createS3Urls } from "../platform/blobs/s3-urls.ts";
import { createSignedUrls } from "../platform/blobs/signed-urls.ts";
import { createUrlSigner } from "../platform/blobs/signing.ts";
import type { Clock } from "../platform/clock.ts";
import { deriveKey } from "../platform/crypto/secrets.ts";
import type { Database } from "../platform/db/database.ts";
import type { Log } from "../platform/log.ts";
import { createStoredFiles, keepStoredFiles, type StoredFiles } from "../tasks/storage/stored-files.ts";

/** As long as the longest download by a URL may take. */
const longestUrlMs = 24 * 3_600_000;

interface StorageSources {
  readonly config: Config;
  /** For blobs, where they are files. */
  readonly directory: string;
  readonly masterKey: Uint8Array;
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Log;
}

export interface Storage extends AsyncDisposable {
  readonly blobs: BlobStore;
  readonly files: StoredFiles;
  /** For whoever serves our own URLs. */
  readonly signedBlobs: SignedBlobs;
}

export async function openStorage(sources: StorageSources): Promise<Storage> {
  const { masterKey, database, clock, log } = sources;
  await using opened = new AsyncDisposableStack();
  const secret = deriveKey(masterKey, "blob urls");
  const signer = createUrlSigner({ secret, clock, maxLifetimeMs: longestUrlMs });
  const { blobs, urls } = opened.use(
    await openBlobs(sources, createSignedUrls({ signer, clock, origin: sources.config.publicUrl })),
  );
  const files = createStoredFiles({ database, blobs, urls, clock, defaultQuotaBytes: defaultStorageQuotaBytes });
  opened.use(keepStoredFiles(files, log));
  const lifetime = opened.move();
  return {
    ...{ blobs, files },
    signedBlobs: { store: blobs, signer, uploads: files.uploads },
    [Symbol.asyncDispose]: () => lifetime.disposeAsync(),
  };
}

interface OpenedBlobs extends AsyncDisposable {
  readonly blobs: BlobStore;
  readonly urls: BlobUrls;
}

async function openBlobs({ config, directory, clock }: StorageSources, ownUrls: BlobUrls): Promise<OpenedBlobs> {
  if (config.s3 !== undefined) {
    const { openS3BlobStore } = await import("../platform/blobs/s3-store.ts"); // with the S3 client: several megabytes
    const blobs = await openS3BlobStore(config.s3);
    return { blobs, urls: createS3Urls(blobs, ownUrls), [Symbol.asyncDispose]: () => blobs[Symbol.asyncDispose]() };
  }
  const blobs = await openFileBlobStore({ directory, clock });
  return { blobs, urls: ownUrls, [Symbol.asyncDispose]: () => blobs[Symbol.asyncDispose]() };
}
