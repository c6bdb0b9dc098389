/** Logging in and out of a yard with a user's name and password. */
import { YardError } from "../platform/errors.ts";
import { discard, readText, type YardClient } from "./http.ts";
import { numberField, parseObject, textField } from "./json.ts";

/** Seven days: long enough for a working week, and a lost laptop's session ends by itself. */
const sessionSeconds = 7 * 86_400;

export interface SignIn {
  readonly username: string;
  readonly password: string;
  readonly totpCode?: string;
}

export type SignInResult =
  | { readonly kind: "session"; readonly token: string; readonly expiresAt: number }
  /** The user has a second factor, and no code was given. */
  | { readonly kind: "totp" };

/** @throws {YardError} unauthenticated, in the yard's words; they do not say whether the user exists */
export async function signIn(client: YardClient, { username, password, totpCode }: SignIn): Promise<SignInResult> {
  const response = await client.request({
    method: "POST",
    path: "/appmesh/login",
    headers: {
      authorization: `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`,
      "x-expire-seconds": String(sessionSeconds),
      ...(totpCode === undefined ? {} : { "x-totp-code": totpCode }),
    },
    accept: [401, 428],
  });
  const body = await readText(response);
  if (response.statusCode === 428) return { kind: "totp" };
  const reply = parseObject(body);
  if (response.statusCode === 401)
    throw new YardError("unauthenticated", `${client.url}: ${textField(reply, "message")}`);
  return {
    kind: "session",
    token: textField(reply, "access_token"),
    expiresAt: numberField(reply, "expire_time") * 1_000,
  };
}

/** Ends the session at once, wherever its token is used. */
export async function signOut(client: YardClient): Promise<void> {
  await discard(await client.request({ method: "POST", path: "/appmesh/self/logoff" }));
}
