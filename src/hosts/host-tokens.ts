/** What a host's agent shows to prove which host it is: JWTs by the yard's own key, of a type and an audience of their own. So no host passes for a
 *  user with them, and no user for a host. */
import { errors, jwtVerify, SignJWT } from "jose";
import { Type } from "typebox";
import { Value } from "typebox/value";
import type { Clock } from "../platform/clock.ts";
import type { SigningKeys } from "../platform/crypto/signing-keys.ts";
import { YardError } from "../platform/errors.ts";
import { newId } from "../platform/ids.ts";

const tokenType = "host+jwt";
const audience = "runyard:hosts";
const issuer = "Runyard";
const maxTokenLength = 4_096;
const dayMs = 86_400_000;
export const hostTokenMs = 7 * dayMs;

const Claims = Type.Object({
  sub: Type.String(),
  typ: Type.Literal("host"),
  /** `hosts.token_epoch` when it was made. */
  epoch: Type.Integer(),
});

export interface HostTokens {
  sign(host: { id: string; tokenEpoch: number }): Promise<string>;
  /** Checks form, signature and times; whether the host is still there, and its epoch the same, is the caller's to check.
   *  @throws {YardError} unauthenticated, always the same */
  verify(token: string): Promise<{ readonly hostId: string; readonly tokenEpoch: number }>;
}

/** The one answer to every bad credential of a host. */
export function badHostCredential(): YardError {
  return new YardError("unauthenticated", "The host's credential is not valid, or no longer.");
}

export function createHostTokens({ keys, clock }: { keys: SigningKeys; clock: Clock }): HostTokens {
  const header = { alg: "EdDSA", typ: tokenType, kid: keys.keyId };
  return {
    sign({ id, tokenEpoch }) {
      const now = clock.now();
      return new SignJWT({ typ: "host", host_id: id, epoch: tokenEpoch })
        .setProtectedHeader(header)
        .setIssuer(issuer)
        .setSubject(id)
        .setAudience(audience)
        .setJti(newId("tok", now))
        .setIssuedAt(Math.floor(now / 1_000))
        .setExpirationTime(Math.ceil((now + hostTokenMs) / 1_000))
        .sign(keys.privateKey);
    },

    async verify(token) {
      if (token.length > maxTokenLength) throw badHostCredential();
      try {
        const { payload } = await jwtVerify(token, keys.publicKey, {
          ...{ algorithms: ["EdDSA"], typ: tokenType, issuer, audience },
          currentDate: new Date(clock.now()),
        });
        if (!Value.Check(Claims, payload)) throw badHostCredential();
        return { hostId: payload.sub, tokenEpoch: payload.epoch };
      } catch (error) {
        throw error instanceof errors.JOSEError ? badHostCredential() : error;
      }
    },
  };
}
