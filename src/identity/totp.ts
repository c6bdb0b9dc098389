/** Time-based one-time codes (RFC 6238): SHA-1, six digits, steps of 30 s, one step of tolerance each way: what authenticator apps know.
 *  A step logs in once, so a code that somebody saw over a shoulder or in a log is worthless. */
import * as OTPAuth from "otpauth";
import type { Clock } from "../platform/clock.ts";
import type { SecretBox } from "../platform/crypto/secret-box.ts";
import type { Database } from "../platform/db/database.ts";
import { YardError } from "../platform/errors.ts";
import type { Changes } from "./changes.ts";
import { requireWithinReach } from "./grants.ts";
import type { Totp } from "./identity.ts";
import type { RecoveryCodes } from "./recovery-codes.ts";
import { requireRowById, type StoredUser } from "./user-rows.ts";

const settings = { algorithm: "SHA1", digits: 6, period: 30 } as const;
const secretBytes = 20; // RFC 4226 section 4; 32 characters of base 32

export interface TotpService extends Totp {
  /** Whether the code is right and of a step that was not used before, or a recovery code; then it is used now. */
  accept(user: StoredUser, code: string): Promise<boolean>;
}

export function createTotp(parts: {
  database: Database;
  clock: Clock;
  secretBox: SecretBox;
  changes: Changes;
  issuer: string;
  recoveryCodes: RecoveryCodes;
}): TotpService {
  const { database, clock, secretBox, changes, issuer, recoveryCodes } = parts;
  const db = database.kysely;
  const placeOf = (userId: string) => `users.totp_secret:${userId}`;

  /** The step that a right code is of. */
  function stepOf(user: StoredUser, code: string): number | undefined {
    if (user.totp_secret === null || !/^\d{6}$/.test(code)) return undefined;
    const totp = new OTPAuth.TOTP({ ...settings, secret: secretBox.open(user.totp_secret, placeOf(user.id)) });
    const timestamp = clock.now();
    const delta = totp.validate({ token: code, timestamp, window: 1 });
    return delta === null ? undefined : totp.counter({ timestamp }) + delta;
  }

  async function accept(user: StoredUser, code: string): Promise<boolean> {
    const step = stepOf(user, code);
    if (step === undefined) return user.totp_enabled === 1 && recoveryCodes.use(user.id, code);
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

    /** The code is not used up: it admitted nobody, for whoever shows it is logged in already, and people log in with the code that they see
     *  next, which for up to 30 s is the same. Whoever saw it too still needs the password, and is too late after one login. */
    async enable(userId, code) {
      const user = await requireRowById(db, userId);
      if (user.totp_secret === null)
        throw new YardError("precondition", "There is no TOTP secret yet. Ask for one first.");
      if (stepOf(user, code) === undefined) throw wrongCode();
      const codes = await database.transaction(async (trx) => {
        const { numUpdatedRows } = await trx
          .updateTable("users")
          .set({ totp_enabled: 1, updated_at: clock.now() })
          .where("id", "=", userId)
          .where("totp_secret", "=", user.totp_secret) // not a newer one, whose code nobody has shown
          .executeTakeFirstOrThrow();
        if (numUpdatedRows === 0n) throw wrongCode();
        return recoveryCodes.renew(trx, userId);
      });
      await changes.userChanged(userId);
      return { recoveryCodes: codes };
    },

    async disable(userId, { by } = {}) {
      await database.transaction(async (trx) => {
        const user = await requireRowById(trx, userId);
        if (by && !by.isAdmin && by.userId !== userId)
          throw new YardError("forbidden", `Only an administrator may switch off the TOTP of ${user.username}.`);
        await requireWithinReach(trx, by, user);
        await trx
          .updateTable("users")
          .set({ totp_secret: null, totp_enabled: 0, totp_last_step: 0, updated_at: clock.now() })
          .where("id", "=", userId)
          .execute();
        await recoveryCodes.forget(trx, userId);
      });
      await changes.userChanged(userId);
    },
  };
}

function wrongCode(): YardError {
  return new YardError("unauthenticated", "The code is wrong. Wait for the next one.");
}
