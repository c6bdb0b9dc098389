/** Schemas that several operations share. */
import { Type } from "typebox";
import { YardError } from "../../platform/errors.ts";

/** Where every path begins. */
export const basePath = "/api/v1";

/** For operations that need a credential. */
export const bearer: { [name: string]: string[] }[] = [{ bearerAuth: [] }];
/** For operations that need none. */
export const open: { [name: string]: string[] }[] = [];

/** Of most bodies; routes that take more say so. */
export const bodyLimitBytes = 4 * 1024 * 1024;

export const HostQuery = Type.Object({
  host: Type.Optional(Type.String({ description: "The id of a host; absent, empty or `local`: the server's own" })),
});

/** The host that a request names, as the containers' room knows it. @throws {YardError} invalid, for `all`: only lists know that, and ask for it first */
export function hostIdOf({ host }: { readonly host?: string }): string | undefined {
  if (host === "all")
    throw new YardError("invalid", "All hosts at once can only be listed: name one.", { field: "host" });
  return host === undefined || host === "" || host === "local" ? undefined : host;
}

/** A flag in a query: `1` and `true` are yes. */
export const Flag = Type.Optional(Type.String({ description: "`true` or `1`" }));

export function isSet(flag: string | undefined): boolean {
  return flag === "1" || flag === "true";
}

/** There is nothing to say but that it was done. */
export const Done = Type.Unsafe<undefined>({ type: "null", description: "Done" });
