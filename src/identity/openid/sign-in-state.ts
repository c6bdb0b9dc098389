/** What a browser keeps while it is at a provider: sealed, so that nobody makes, reads or changes one, under a key of its own, so that nothing else that
 *  the yard hands out passes for it. Good for five minutes, for one provider, and for one sign-in. */
import { timingSafeEqual } from "node:crypto";
import { Type } from "typebox";
import { Value } from "typebox/value";
import type { Clock } from "../../platform/clock.ts";
import { createSecretBox } from "../../platform/crypto/secret-box.ts";
import { sha256Hex } from "../../platform/crypto/secrets.ts";
import { isUniqueViolation } from "../../platform/db/constraints.ts";
import type { Database } from "../../platform/db/database.ts";
import { isYardError, YardError } from "../../platform/errors.ts";
import type { OpenIdProvider } from "./provider.ts";
import type { Challenge } from "./relying-party.ts";

export const stateLifetimeMs = 5 * 60_000;
const mostCharacters = 4_096;
/** As many as one sign-in clears away. */
const clearedAtOnce = 100;

const Kept = Type.Object({
  state: Type.String(),
  nonce: Type.String(),
  verifier: Type.String(),
  redirectUri: Type.String(),
  expiresAt: Type.Number(),
});
type Kept = Type.Static<typeof Kept>;

export interface SignInStates {
  seal(provider: OpenIdProvider, challenge: Challenge): string;
  /** @param state what the provider has repeated @throws {YardError} unauthenticated, also once it was used */
  open(provider: OpenIdProvider, sealed: string, state: string): Promise<Kept>;
  /** Of two that come at once, on whatever replica, one does. @throws {YardError} unauthenticated */
  useUp(kept: Kept): Promise<void>;
}

/** @param parts.key the same on every replica, and used for nothing else */
export function createSignInStates(parts: { database: Database; clock: Clock; key: Uint8Array }): SignInStates {
  const { clock } = parts;
  const db = parts.database.kysely;
  const box = createSecretBox(parts.key);

  function unseal(provider: OpenIdProvider, sealed: string): Kept {
    if (sealed.length > mostCharacters) throw badState();
    try {
      return Value.Parse(Kept, JSON.parse(box.open(sealed, placeOf(provider))));
    } catch (error) {
      throw isYardError(error, "internal") ? badState() : error;
    }
  }

  return {
    seal: (provider, challenge) =>
      box.seal(JSON.stringify({ ...challenge, expiresAt: clock.now() + stateLifetimeMs }), placeOf(provider)),

    async open(provider, sealed, state) {
      const kept = unseal(provider, sealed);
      if (kept.expiresAt <= clock.now() || !isSame(kept.state, state)) throw badState();
      const hash = sha256Hex(kept.state);
      const used = await db.selectFrom("openid_used_states").select("hash").where("hash", "=", hash).executeTakeFirst();
      if (used) throw badState();
      return kept;
    },

    async useUp({ state, expiresAt }) {
      const passed = db
        .selectFrom("openid_used_states")
        .select("hash")
        .where("expires_at", "<=", clock.now())
        .limit(clearedAtOnce);
      await db.deleteFrom("openid_used_states").where("hash", "in", passed).execute();
      try {
        await db
          .insertInto("openid_used_states")
          .values({ hash: sha256Hex(state), expires_at: expiresAt })
          .execute();
      } catch (error) {
        throw isUniqueViolation(error) ? badState() : error;
      }
    },
  };
}

/** Whoever is set up to ask another issuer since the browser left does not get what was meant for this one. */
function placeOf({ id, issuer }: OpenIdProvider): string {
  return `openid sign-in:${id}:${issuer}`;
}

function isSame(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function badState(): YardError {
  return new YardError(
    "unauthenticated",
    "This sign-in was not begun in this browser within the last five minutes, or has been used. Begin it again.",
  );
}
