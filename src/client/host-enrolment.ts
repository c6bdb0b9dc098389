/** How a machine joins a yard as one of its hosts, and stays known to it. */
import { YardError } from "../platform/errors.ts";
import { createYardClient, discard, readJson } from "./http.ts";
import { asObject, textField } from "./json.ts";

export interface HostCredentials {
  readonly hostId: string;
  /** A JWT. */
  readonly token: string;
  readonly refreshToken: string;
}

export interface YardOfHost {
  readonly url: string;
  readonly ca?: string;
}

/** @param registrationToken good once, and used up whatever comes of it @throws {YardError} unauthenticated, unavailable */
export function joinYard(yard: YardOfHost, registrationToken: string, hostname: string): Promise<HostCredentials> {
  return ask(yard, "/yard/v1/hosts/register", { token: registrationToken, name: hostname });
}

/** @param useName the same again for the same token, if its answer was lost @throws {YardError} unauthenticated, unavailable */
export function renewCredentials(yard: YardOfHost, refreshToken: string, useName: string): Promise<HostCredentials> {
  return ask(yard, "/yard/v1/hosts/refresh", { refreshToken, useName });
}

async function ask(yard: YardOfHost, path: string, json: object): Promise<HostCredentials> {
  const response = await createYardClient(yard).request({ method: "POST", path, json, accept: [401] });
  if (response.statusCode === 401) {
    await discard(response);
    throw new YardError("unauthenticated", `${yard.url} does not take the host's credential, or no longer.`);
  }
  const reply = asObject(await readJson(response), "the answer");
  return {
    hostId: textField(reply, "hostId"),
    token: textField(reply, "token"),
    refreshToken: textField(reply, "refreshToken"),
  };
}
