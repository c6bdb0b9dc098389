/** From what a provider says of somebody to a user of the yard: one who came that way before, or a new one. */
import type { Links, User } from "../../../identity/identity.ts";
import { isYardError } from "../../../platform/errors.ts";
import type { Accounts } from "../accounts.ts";
import type { Profile } from "./provider.ts";
import type { Intent } from "./state.ts";

/** Why the browser comes back without a token. */
export type Refusal =
  | "access_denied"
  | "invalid_state"
  | "missing_code"
  | "exchange_failed"
  | "account_deactivated"
  | "email_taken"
  | "no_account"
  | "internal_error";

export type Entry = { readonly user: User; readonly isNew: boolean } | { readonly refusal: Refusal };

export interface EntryRequest {
  readonly provider: string;
  readonly profile: Profile;
  readonly intent: Intent | undefined;
  /** Whether whoever is new may have an account. */
  readonly maySignUp: boolean;
}

export type Enter = (request: EntryRequest) => Promise<Entry>;

export function createEnter({ links, accounts }: { links: Links; accounts: Accounts }): Enter {
  async function findKnown({ provider, profile }: EntryRequest): Promise<Entry | undefined> {
    const user = await links.find({ provider, id: profile.id });
    if (!user) return undefined;
    return user.state === "active" ? { user, isNew: false } : { refusal: "account_deactivated" };
  }

  return async (request) => {
    const known = await findKnown(request);
    if (known) return known;
    const { provider, profile, intent, maySignUp } = request;
    if (intent === "login" || !maySignUp) return { refusal: "no_account" };
    const account = { email: profile.email, name: profile.name, link: { provider, id: profile.id } };
    try {
      return { user: await accounts.create(account), isNew: true };
    } catch (error) {
      if (!isYardError(error, "conflict")) throw error;
      // Of two logins at once the other one may have made the account.
      return (await findKnown(request)) ?? { refusal: "email_taken" };
    }
  };
}
