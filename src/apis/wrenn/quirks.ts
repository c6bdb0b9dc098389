/** Where Wrenn's own programs and its document cannot be served by one answer: per case, what each reader gets and why. Listed for users in
 *  docs/compatibility.md, tested row by row. */

export const quirks = {
  terminalBytes: {
    client: "binary",
    document: "base64",
    why: "the Python SDK sends and reads a terminal's bytes as binary messages since 0.3; the document, and the SDK before, as base64 in JSON frames",
  },
} as const;

/** The SDK says no more than the HTTP library that it is built on, and not its version: which of the two it reads is learned from what it sends first. */
export function mayBeSdk(userAgent: string | undefined): boolean {
  return userAgent?.startsWith("python-httpx/") ?? false;
}
