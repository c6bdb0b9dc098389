/** Where Mitosis' own programs and its document cannot be served by one answer: per case, what each reader gets and why. The Rust client and
 *  worker send no `User-Agent` and get the client reading, everybody else the document's; the setting `mitosis.reading` overrides that. Listed for
 *  users in docs/compatibility.md, tested row by row. */
import type { ApiRequest } from "../../platform/http/api.ts";

export type Reading = "client" | "document";
export type ReadingSetting = "auto" | Reading;

export const quirks = {
  timestamps: {
    client: "2026-01-05 09:07:03.25 +00:00:00",
    document: "2026-01-05T09:07:03.250Z",
    why: "the Rust programs parse exactly that form; the document promises RFC 3339",
  },
  token: {
    client: "base64",
    document: "jwt",
    why: "the Rust programs know tokens as the base64 of a JWT; the document says JWT",
  },
  noTaskStatus: {
    client: 200,
    document: 204,
    why: "the Rust worker decodes a `null`, and exits at a 204; the document says 204",
  },
  downloadStatus: {
    client: 200,
    document: 302,
    why: "the Rust programs read URL and size from the body; the document says that the reply leads there by itself",
  },
  attachmentContentType: {
    client: "NoSet",
    document: "application/octet-stream",
    why: "the Rust programs know that one word and no media type; the document knows that one media type",
  },
  workerTaskBody: {
    client: "query",
    document: "task",
    why: "the Rust worker decodes the reply that users get; the document promises the task as it was fetched",
  },
  exitStatus: {
    client: "wait status",
    document: "exit code",
    why: "the Rust programs give and take what waitpid gives, where exit code 3 is 768; the document says exit code",
  },
  adminShutdown: {
    client: "graceful",
    document: "force",
    why: "the Rust client takes graceful for the default; the document calls the operation a forced shutdown",
  },
  passwordOfAnother: {
    client: 401,
    document: "administrators may",
    why: "the original lets nobody; the document lets administrators change it",
  },
} as const;

export function readingOf(userAgent: string | undefined, setting: ReadingSetting): Reading {
  if (setting !== "auto") return setting;
  return userAgent === undefined ? "client" : "document";
}

/** The reading that a request gets. */
export type ReadingOf = (request: ApiRequest) => Reading;

export function createReadingOf(setting: ReadingSetting): ReadingOf {
  return (request) => readingOf(request.headers["user-agent"], setting);
}
