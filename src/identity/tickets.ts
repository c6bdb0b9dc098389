/** Tickets: what stands for a credential once, within half a minute, where the credential itself cannot be sent or would be seen: in a URL. */
import { Type } from "typebox";
import { Value } from "typebox/value";
import type { Clock } from "../platform/clock.ts";
import { newSecret, sha256Hex } from "../platform/crypto/secrets.ts";
import type { Database } from "../platform/db/database.ts";
import { YardError } from "../platform/errors.ts";
import type { Authenticator, Tickets } from "./identity.ts";
import type { Principal } from "./principal.ts";

const prefix = "ryt_";
const lifetimeMs = 30_000;
/** Of one user, good and unused. Each is a row until it is cleaned up. */
const mostWaiting = 200;

const Holder = Type.Object({
  credential: Type.Union([
    Type.Object({
      kind: Type.Literal("token"),
      sessionId: Type.String(),
      audience: Type.String(),
      expiresAt: Type.Number(),
      issuedAt: Type.Number(),
      teamId: Type.Optional(Type.String()),
    }),
    Type.Object({
      kind: Type.Literal("apiKey"),
      keyId: Type.String(),
      name: Type.String(),
      number: Type.Integer(),
      roleName: Type.Optional(Type.String()),
      teamId: Type.Optional(Type.String()),
    }),
  ]),
  /** What it could do: see `rightsOf`. */
  rights: Type.String(),
});

export interface TicketParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly authenticator: Pick<Authenticator, "again">;
}

export function createTickets({
  database,
  clock,
  authenticator,
}: TicketParts): Tickets & { purge(limit: number): Promise<number> } {
  const db = database.kysely;

  /** Up to `mostWaiting`. */
  async function countWaiting(userId: string, now: number): Promise<number> {
    const waiting = db.selectFrom("tickets").select("hash").where("expires_at", ">", now).where("user_id", "=", userId);
    return (await waiting.limit(mostWaiting).execute()).length;
  }

  return {
    async issue(principal) {
      const ticket = prefix + newSecret();
      const now = clock.now();
      if ((await countWaiting(principal.userId, now)) >= mostWaiting) throw tooMany();
      await db
        .insertInto("tickets")
        .values({
          hash: sha256Hex(ticket),
          user_id: principal.userId,
          holder: JSON.stringify({ credential: principal.credential, rights: rightsOf(principal) }),
          expires_at: now + lifetimeMs,
        })
        .execute();
      return { ticket, expiresAt: now + lifetimeMs };
    },

    async redeem(ticket) {
      if (!ticket.startsWith(prefix) || ticket.length > 64) throw badTicket();
      // Whoever deletes the row has it: of two that come at once, on whatever replica, one does.
      const row = await db
        .deleteFrom("tickets")
        .where("hash", "=", sha256Hex(ticket))
        .returning(["user_id", "holder", "expires_at"])
        .executeTakeFirst();
      if (!row || row.expires_at <= clock.now()) throw badTicket();
      const { credential, rights } = Value.Parse(Holder, JSON.parse(row.holder));
      const principal = await authenticator.again({ userId: row.user_id, credential });
      // It was given for what its holder was then; a new one is a request away.
      if (rightsOf(principal) !== rights) throw badTicket();
      return principal;
    },

    async purge(limit) {
      const expired = db.selectFrom("tickets").select("hash").where("expires_at", "<=", clock.now()).limit(limit);
      const { numDeletedRows } = await db.deleteFrom("tickets").where("hash", "in", expired).executeTakeFirstOrThrow();
      return Number(numDeletedRows);
    },
  };
}

/** A fingerprint of all that a principal may do, and where. */
function rightsOf({ isAdmin, permissions, hostTags = [], roles }: Principal): string {
  return sha256Hex(JSON.stringify([isAdmin, [...permissions].sort(), hostTags, roles]));
}

function tooMany(): YardError {
  return new YardError("too_many", `${mostWaiting} tickets of yours wait to be used already. Use them, or wait.`, {
    retryAfterMs: lifetimeMs,
  });
}

function badTicket(): YardError {
  return new YardError(
    "unauthenticated",
    "The ticket is not valid, or no longer: each is good once, for 30 s. Ask for another.",
  );
}
