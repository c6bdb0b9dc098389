/** The credentials of an agent that has joined a yard, kept good for as long as it lives. */
import { type HostCredentials, renewCredentials } from "../../client/host-enrolment.ts";
import { asObject, numberField } from "../../client/json.ts";
import { isYardError } from "../../platform/errors.ts";
import { randomText } from "../../platform/ids.ts";
import type { Joined, JoinedFile } from "./credentials.ts";

export interface Membership {
  /** The token as it is good now: renewed once it is a day old, or was refused. While that cannot be done, the one that there is.
   *  @throws {YardError} unauthenticated, if the yard takes neither */
  token(refused?: string): Promise<string>;
}

/** Of the seven days that a token is good: a yard that is away for six does no harm. */
const freshMs = 86_400_000;

export function createMembership(parts: {
  joined: Joined;
  file: JoinedFile;
  log: (message: string) => void;
}): Membership {
  const { file, log } = parts;
  let { joined } = parts;

  async function keep(next: Joined): Promise<void> {
    await file.save(next);
    joined = next;
  }

  /** The name of this use is on the disk before it is sent: if the answer is lost, with this process or on the way, the next try is known for the
   *  same one, and not for a thief's. */
  async function renew(): Promise<void> {
    const { yard, credentials } = joined;
    const renewing = joined.renewing ?? randomText(26);
    if (joined.renewing === undefined) await keep({ yard, credentials, renewing });
    await keep({ yard, credentials: await renewCredentials(yard, credentials.refreshToken, renewing) });
  }

  return {
    async token(refused) {
      const { token } = joined.credentials;
      if (token !== refused && Date.now() - issuedAt(joined.credentials) < freshMs) return token;
      try {
        await renew();
      } catch (error) {
        if (isYardError(error, "unauthenticated") || token === refused) throw error;
        log(`The host's token could not be renewed: ${error instanceof Error ? error.message : error}`);
      }
      return joined.credentials.token;
    },
  };
}

/** Milliseconds. */
function issuedAt({ token }: HostCredentials): number {
  const claims: unknown = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8"));
  return numberField(asObject(claims, "the token"), "iat") * 1_000;
}
