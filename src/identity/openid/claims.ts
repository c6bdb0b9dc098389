/** What a provider says of somebody, out of an ID token and its userinfo endpoint. @see OpenID Connect Core 1.0, section 5.1 */
import { Type } from "typebox";
import { Value } from "typebox/value";
import { ExchangeError } from "../../platform/http/outgoing/exchange-error.ts";

export interface Claims {
  /** Who says it. Together with `subject` it is one person for ever. */
  readonly issuer: string;
  readonly subject: string;
  readonly email?: {
    readonly address: string;
    /** By the provider. */
    readonly isVerified: boolean;
  };
  /** How the person might be called here, the best first. */
  readonly names: readonly string[];
  readonly displayName: string;
  /** What a claim lists, or says if it is one text. */
  listed(claim: string): readonly string[];
}

type Told = Readonly<Record<string, unknown>>;

/** @see section 2: a subject has at most 255 ASCII characters; and nothing here may look like two */
const Identified = Type.Object({
  iss: Type.String({ minLength: 1, maxLength: 1_024, pattern: "^[!-~]+$" }),
  sub: Type.String({ minLength: 1, maxLength: 255, pattern: "^[ -~]+$" }),
});

/** @param idToken of which nothing is overruled @throws {ExchangeError} */
export function readClaims(idToken: object, userinfo: object): Claims {
  if (!Value.Check(Identified, idToken)) throw new ExchangeError("it does not say who this is");
  const [first, second]: readonly Told[] = [{ ...idToken }, { ...userinfo }];
  const told: Told = { ...second, ...first };
  const email = emailIn(first!) ?? emailIn(second!);
  const [preferred = "", name = "", local = ""] = [
    textOf(told.preferred_username),
    textOf(told.name),
    email?.address.split("@", 1)[0],
  ];
  return {
    ...{ issuer: idToken.iss, subject: idToken.sub, ...(email && { email }) },
    names: [preferred, name, local].filter((text) => text !== ""),
    displayName: name.slice(0, 256),
    listed: (claim) => (Object.hasOwn(told, claim) ? textsIn(told[claim]) : []),
  };
}

/** Address and what is said of it come from one place. Some providers write `"true"`. */
function emailIn({ email, email_verified: verified }: Told): Claims["email"] {
  const address = textOf(email);
  return address === undefined ? undefined : { address, isVerified: verified === true || verified === "true" };
}

function textOf(value: unknown): string | undefined {
  const text = typeof value === "string" ? value.replace(/\p{Cc}/gu, "").trim() : "";
  return text === "" ? undefined : text;
}

function textsIn(value: unknown): readonly string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return list.filter((entry) => typeof entry === "string");
}
