/** Where App Mesh's own clients and its document cannot be served by one answer: per case, what each reader gets and why.
 *  Clients that announce `User-Agent: appmesh/…` get the client reading, all others the document's; the setting `appmesh.reading`
 *  overrides that. Listed for users in docs/compatibility.md, tested row by row. */

export type Reading = "client" | "document";
export type ReadingSetting = "auto" | Reading;

export const quirks = {
  appAddedStatus: {
    client: 200,
    document: 201,
    why: "the SDKs take anything but 200 as a failure; the document says 201",
  },
  labelSetStatus: {
    client: 200,
    document: 201,
    why: "the SDKs take anything but 200 as a failure; the document says 201",
  },
  labelAbsentStatus: {
    client: 200,
    document: 404,
    why: "the original takes the removal of what is not there as done; the document has a 404 for it",
  },
  defaultTokenSeconds: {
    client: 604_800,
    document: 3_600,
    why: "SDKs renew without naming a lifetime and expect seven days; the document's default is an hour",
  },
  userAddedStatus: {
    client: 200,
    document: 201,
    why: "the SDKs take anything but 200 as a failure; the document says 201",
  },
  usersShape: {
    client: "object",
    document: "array",
    why: "the SDKs look users up by name; the document promises a list",
  },
  healthBody: {
    client: "text",
    document: "json",
    why: "the SDKs parse the body as an integer; the document promises an object",
  },
  syncRunBody: {
    client: "text",
    document: "json if the request's Accept names it",
    why: "the SDKs read the program's output; a client generated from the document asks for the object it promises, curl asks for nothing and sees the output",
  },
  messageType: {
    client: "application/octet-stream",
    document: "text/plain; charset=utf-8",
    why: "the SDKs know messages and replies as bytes; a client generated from the document takes nothing but text/plain. The bytes are the same",
  },
} as const;

export function readingOf(userAgent: string | undefined, setting: ReadingSetting): Reading {
  if (setting !== "auto") return setting;
  return userAgent?.startsWith("appmesh/") ? "client" : "document";
}
