/** Stored files for tests: on each database, with each store of blobs, and with a clock that can be set. */
import assert from "node:assert/strict";
import { text } from "node:stream/consumers";
import { describe } from "node:test";
import type { BlobStore, BlobUrls } from "../../platform/blobs/blob-store.ts";
import { openFileBlobStore } from "../../platform/blobs/file-store.ts";
import { openS3BlobStore } from "../../platform/blobs/s3-store.ts";
import { createSignedUrls, keyOfPath } from "../../platform/blobs/signed-urls.ts";
import { createUrlSigner } from "../../platform/blobs/signing.ts";
import { systemClock } from "../../platform/clock.ts";
import type { Database } from "../../platform/db/database.ts";
import { eachDialect } from "../../platform/db/testing.ts";
import { YardError } from "../../platform/errors.ts";
import { skipUnless } from "../../platform/testing/parts.ts";
import { findS3Server } from "../../platform/testing/s3-program.ts";
import { sharedS3 } from "../../platform/testing/s3-server.ts";
import { temporaryDirectory } from "../../platform/testing/temporary-directory.ts";
import type { TeamRef } from "../task.ts";
import { createStoredFiles, type StoredFiles } from "./stored-files.ts";

export const quotaBytes = 1_000;
export const team: TeamRef = { id: "team_1", name: "lab" };
export const otherTeam: TeamRef = { id: "team_2", name: "others" };
export const hourMs = 3_600_000;

export interface TestFiles extends AsyncDisposable {
  readonly files: StoredFiles;
  readonly database: Database;
  readonly blobs: BlobStore;
  readonly clock: { advance(ms: number): void };
  /** As whoever was given the URL. @throws {YardError} forbidden */
  put(url: string, content: string): Promise<void>;
  /** Undefined: there is none. */
  get(url: string): Promise<string | undefined>;
  /** The yard as it is after its next start, on stores that `change` may have changed. */
  restarted(change?: (blobs: BlobStore) => BlobStore): StoredFiles;
}

type Opened = BlobStore & { readonly urls: BlobUrls; readonly verify: (url: string, length: number) => string };

export function eachStorage(name: string, define: (open: () => Promise<TestFiles>) => void): void {
  eachDialect(name, (openDatabase) => {
    const openWith = (openBlobs: () => Promise<Opened>) => async () => {
      await using opened = new AsyncDisposableStack();
      const database = opened.use(await openDatabase());
      const blobs = opened.use(await openBlobs());
      const lifetime = opened.move();
      return { ...assemble(database, blobs), [Symbol.asyncDispose]: () => lifetime.disposeAsync() };
    };
    describe("with files", () => define(openWith(openFiles)));
    const skip = skipUnless(findS3Server() !== undefined, "an S3 server", "npm run pretest, with Go installed");
    describe("with S3", { skip }, () => define(openWith(openS3)));
  });
}

async function openFiles(): Promise<Opened> {
  const directory = temporaryDirectory();
  const store = await openFileBlobStore({ directory: directory.path, clock: systemClock });
  const signer = createUrlSigner({ secret: Buffer.alloc(32, 1), clock: systemClock, maxLifetimeMs: 24 * hourMs });
  return {
    ...store,
    urls: createSignedUrls({ signer, clock: systemClock }),
    /** What the yard's own server does. @returns the blob's key */
    verify(url, contentLength) {
      const { pathname, searchParams: query } = new URL(url, "http://yard");
      const key = keyOfPath(decodeURIComponent(pathname.slice("/yard/v1/blobs/".length)));
      signer.verify({ method: query.has("length") ? "PUT" : "GET", key, query, contentLength });
      return key;
    },
    async [Symbol.asyncDispose]() {
      await store[Symbol.asyncDispose]();
      directory[Symbol.dispose]();
    },
  };
}

async function openS3(): Promise<Opened> {
  const store = await openS3BlobStore(await (await sharedS3()).createBucket());
  return { ...store, urls: store, verify: () => "" };
}

function assemble(database: Database, blobs: Opened): Omit<TestFiles, typeof Symbol.asyncDispose> {
  let offset = 0;
  const clock = { now: () => Date.now() + offset, monotonic: () => performance.now() };
  const restarted = (change = (store: BlobStore) => store) =>
    createStoredFiles({ database, blobs: change(blobs), urls: blobs.urls, clock, defaultQuotaBytes: quotaBytes });
  const files = restarted();
  return {
    ...{ files, database, blobs, restarted },
    clock: {
      advance(ms) {
        offset += ms;
      },
    },
    async put(url, content) {
      if (url.startsWith("/")) {
        const key = blobs.verify(url, Buffer.byteLength(content));
        await files.uploads.admit(key);
        await blobs.put(key, chunks(content));
        return await files.uploads.arrived(key);
      }
      const { status } = await fetch(url, { method: "PUT", body: Buffer.from(content) });
      if (status === 403) throw new YardError("forbidden", "The store has refused it.");
      assert.equal(status, 200);
    },
    async get(url) {
      if (!url.startsWith("/")) {
        const reply = await fetch(url);
        return reply.status === 404 ? undefined : await reply.text();
      }
      const key = blobs.verify(url, 0);
      return await blobs.get(key).then(
        ({ stream }) => text(stream),
        () => undefined,
      );
    },
  };
}

async function* chunks(content: string) {
  yield Buffer.from(content);
}
