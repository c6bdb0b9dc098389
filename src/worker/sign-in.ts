/** How a worker becomes a user's: by the token that was kept of an earlier login if that is still good, else by a login. */
import { isYardError, YardError } from "../platform/errors.ts";
import type { Coordinator } from "./coordinator.ts";

/** @returns a token of the user @throws {YardError} unauthenticated */
export type SignIn = (coordinator: Coordinator, signal: AbortSignal) => Promise<string>;

export interface KeptToken {
  readonly username: string;
  readonly token: string;
}

/** Where tokens are kept from one start to the next. */
export interface Credentials {
  /** That of the user, or without one the first. */
  find(username?: string): Promise<KeptToken | undefined>;
  save(kept: KeptToken): Promise<void>;
}

export interface SignInParts {
  readonly credentials: Credentials;
  /** Without one, the first in the file of credentials. */
  readonly username?: string;
  /** Asked for only when it is needed. */
  password(): Promise<string | undefined>;
}

export function signInByFile({ credentials, username, password }: SignInParts): SignIn {
  return async (coordinator, signal) => {
    const kept = await credentials.find(username);
    if (kept && (await coordinator.userOf(kept.token, signal)) === kept.username) return kept.token;
    const name = username ?? kept?.username;
    if (name === undefined)
      throw new YardError(
        "unauthenticated",
        "No user is known here. Name one with --user, and a file with its password.",
      );
    const secret = await password();
    if (secret === undefined)
      throw new YardError(
        "unauthenticated",
        `No login of ${name} is kept here, or it is over. Give --password-file, or set RUNYARD_WORKER_PASSWORD.`,
      );
    const token = await logIn(coordinator, { name, secret, signal });
    await credentials.save({ username: name, token });
    return token;
  };
}

async function logIn(
  coordinator: Coordinator,
  { name, secret, signal }: { name: string; secret: string; signal: AbortSignal },
): Promise<string> {
  try {
    return await coordinator.logIn(name, secret, signal);
  } catch (error) {
    if (!isYardError(error, "unauthenticated")) throw error;
    throw new YardError("unauthenticated", `The coordinator refuses the name ${name}, or its password.`, {
      cause: error,
    });
  }
}
