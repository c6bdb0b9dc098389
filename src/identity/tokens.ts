/** The yard's tokens: JWTs signed with Ed25519 (RFC 8037), of one issuer, one key and one type. Everything else a token could say about
 *  itself (another algorithm, a key URL) is refused rather than followed, see RFC 8725. */
import { errors, jwtVerify, SignJWT } from "jose";
import { Type } from "typebox";
import { Value } from "typebox/value";
import type { Clock } from "../platform/clock.ts";
import type { SigningKeys } from "../platform/crypto/signing-keys.ts";
import { YardError } from "../platform/errors.ts";
import { newId } from "../platform/ids.ts";

/** The audience of a token that the caller did not narrow. */
export const yardAudience = "runyard";

/** Says that a JWT is an access token (RFC 9068), so that no other kind of signed token passes for one. */
const tokenType = "at+jwt";
const maxTokenLength = 8 * 1_024;

const Claims = Type.Object({
  sub: Type.String(),
  name: Type.String(),
  sid: Type.String(),
  aud: Type.String(),
  jti: Type.String(),
  epoch: Type.Integer(),
  roles: Type.Array(Type.String()),
  iat: Type.Integer(),
  exp: Type.Integer(),
  team: Type.Optional(Type.String()),
});
export type TokenClaims = Type.Static<typeof Claims>;

export interface TokenRequest {
  readonly userId: string;
  readonly username: string;
  readonly sessionId: string;
  readonly audience: string;
  /** `users.token_epoch` at this moment. */
  readonly epoch: number;
  readonly roles: readonly string[];
  /** Milliseconds; a token counts in whole seconds. */
  readonly issuedAt: number;
  readonly expiresAt: number;
  /** The id of the team that it speaks for, where one was asked for. */
  readonly teamId?: string;
  /** What clients read in it by themselves, and nobody here believes. It may be another name, too; all other claims of the yard win. */
  readonly shown?: Readonly<Record<string, unknown>>;
}

export interface Tokens {
  sign(request: TokenRequest): Promise<string>;
  /** Checks form, signature, issuer and times; who is asked for and whether the session still lives is the caller's to check.
   *  @throws {YardError} unauthenticated, always the same */
  verify(token: string): Promise<TokenClaims>;
}

/** The one answer to every bad credential: why it was refused helps only a forger. */
export function badCredential(): YardError {
  return new YardError("unauthenticated", "The token is not valid, or no longer. Log in again.");
}

export function createTokens(parts: { keys: SigningKeys; issuer: string; clock: Clock }): Tokens {
  const { keys, issuer, clock } = parts;
  const header = { alg: "EdDSA", typ: tokenType, kid: keys.keyId };

  return {
    sign(request) {
      return new SignJWT({
        name: request.username,
        ...request.shown,
        sid: request.sessionId,
        epoch: request.epoch,
        roles: [...request.roles],
        team: request.teamId,
      })
        .setProtectedHeader(header)
        .setIssuer(issuer)
        .setSubject(request.userId)
        .setAudience(request.audience)
        .setJti(newId("tok", request.issuedAt))
        .setIssuedAt(Math.floor(request.issuedAt / 1_000))
        .setExpirationTime(Math.ceil(request.expiresAt / 1_000))
        .sign(keys.privateKey);
    },

    async verify(token) {
      if (token.length > maxTokenLength) throw badCredential();
      try {
        const { payload, protectedHeader } = await jwtVerify(token, keys.publicKey, {
          algorithms: ["EdDSA"],
          typ: tokenType,
          issuer,
          currentDate: new Date(clock.now()),
        });
        if (protectedHeader.kid !== keys.keyId || !Value.Check(Claims, payload)) throw badCredential();
        return payload;
      } catch (error) {
        throw error instanceof errors.JOSEError ? badCredential() : error;
      }
    },
  };
}
