/** Time-based one-time codes (RFC 6238): SHA-1, six digits, steps of 30 s, one step of tolerance each way: what authenticator apps know.
 *  A step is accepted once, so a code that somebody saw over a shoulder or in a log is worthless. */
import * as OTPAuth from "otpauth";
import type { Clock } from "../platform/clock.ts";
import type { SecretBox } from "../platform/crypto/secret-box.ts";
import type { Database } from "../platform/db/database.ts";
import { YardError } from "../platform/errors.ts";
import type { Changes } from "./changes.ts";
import type { Totp } from "./identity.ts";
import { requireRowById, type StoredUser } from "./user-rows.ts";

const settings = { algorithm: "SHA1", digits: 6, period: 30 } as const;
const secretBytes = 20; // RFC 4226 section 4; 32 characters of base 32

export interface TotpService extends Totp {
  /** Whether the code is right and of a step that was not used before; then it is used now. */
  accept(user: StoredUser, code: string): Promise<boolean>;
}

export function createTotp(parts: {
  database: Database;
  clock: Clock;
  secretBox: SecretBox;
  changes: Changes;
  issuer: string;
}): TotpService {
  const { database, clock, secretBox, changes, issuer } = parts;
  const db = database.kysely;
  const placeOf = (userId: string) => `users.totp_secret:${userId}`;

  async function accept(user: StoredUser, code: string): Promise<boolean> {
    if (user.totp_secret === null || !/^\d{6}$/.test(code)) return false;
    const totp = new OTPAuth.TOTP({ ...settings, secret: secretBox.open(user.totp_secret, placeOf(user.id)) });
    const timestamp = clock.now();
    const delta = totp.validate({ token: code, timestamp, window: 1 });
    if (delta === null) return false;
    const step = totp.counter({ timestamp }) + delta;
    const { numUpdatedRows } = await db
      .updateTable("users")
      .set({ totp_last_step: step })
      .where("id", "=", user.id)
      .where("totp_secret", "=", user.totp_secret)
      .where("totp_last_step", "<", step) // compare and set: of two who send the same code at once, one gets in
      .executeTakeFirstOrThrow();
    return numUpdatedRows > 0n;
  }

  return {
    accept,

    async begin(userId) {
      const user = await requireRowById(db, userId);
      const secret = new OTPAuth.Secret({ size: secretBytes });
      const sealed = secretBox.seal(secret.base32, placeOf(userId));
      await db
        .updateTable("users")
        .set({ totp_secret: sealed, totp_enabled: 0, totp_last_step: 0, updated_at: clock.now() })
        .where("id", "=", userId)
        .execute();
      await changes.userChanged(userId);
      const uri = new OTPAuth.TOTP({
        ...settings,
        secret,
        issuer,
        issuerInLabel: false,
        label: user.username,
      }).toString();
      return { secret: secret.base32, uri };
    },

    async enable(userId, code) {
      const user = await requireRowById(db, userId);
      if (user.totp_secret === null)
        throw new YardError("precondition", "There is no TOTP secret yet. Ask for one first.");
      if (!(await accept(user, code))) throw wrongCode();
      const { numUpdatedRows } = await db
        .updateTable("users")
        .set({ totp_enabled: 1, updated_at: clock.now() })
        .where("id", "=", userId)
        .where("totp_secret", "=", user.totp_secret) // not a newer one, whose code nobody has shown
        .executeTakeFirstOrThrow();
      if (numUpdatedRows === 0n) throw wrongCode();
      await changes.userChanged(userId);
    },

    async disable(userId) {
      await requireRowById(db, userId);
      await db
        .updateTable("users")
        .set({ totp_secret: null, totp_enabled: 0, totp_last_step: 0, updated_at: clock.now() })
        .where("id", "=", userId)
        .execute();
      await changes.userChanged(userId);
    },
  };
}

function wrongCode(): YardError {
  return new YardError("unauthenticated", "The code is wrong, or was used before. Wait for the next one.");
}
