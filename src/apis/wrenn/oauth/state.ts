/** What ties the way back from a provider to the browser that was sent there: a number in its cookie, which the provider repeats. Nobody but the yard
 *  can make such a cookie, so nobody can send a victim's browser back with a login of their own. */
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";

/** What the user wants who has no account yet: one, or to be told so. */
export type Intent = "login" | "signup";

export interface OAuthState {
  /** A cookie's value, and the number in it. */
  issue(intent: Intent | undefined): { readonly cookie: string; readonly nonce: string };
  /** Undefined for a cookie that is not ours, or belongs to another number. */
  accept(cookie: string | undefined, nonce: string | undefined): { readonly intent: Intent | undefined } | undefined;
}

/** @param key the same on every replica */
export function createOAuthState(key: Uint8Array): OAuthState {
  const macOf = (text: string) => createHmac("sha256", key).update(text).digest("hex");

  return {
    issue(intent) {
      const nonce = randomBytes(16).toString("hex");
      const signed = intent === undefined ? nonce : `${nonce}:${intent}`;
      const cookie = [nonce, macOf(signed), ...(intent === undefined ? [] : [intent])].join(":");
      return { cookie, nonce };
    },

    accept(cookie = "", nonce = "") {
      const [, found, mac, intent] = /^([0-9a-f]{32}):([0-9a-f]{64})(?::(login|signup))?$/.exec(cookie) ?? [];
      if (found === undefined || mac === undefined || !isSame(found, nonce)) return undefined;
      if (!isSame(mac, macOf(intent === undefined ? found : `${found}:${intent}`))) return undefined;
      return { intent: intent as Intent | undefined };
    },
  };
}

function isSame(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}
