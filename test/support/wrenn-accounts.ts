/** A yard of this process with two accounts of Wrenn's API, each with a team of its own. */
import { after, before } from "node:test";
import { type AnyBody, askWrenn, type SignedUp, signUp, type WrennRequest } from "../../src/apis/wrenn/testing.ts";
import { type OpenedYard, openTestYard } from "./yard-in-process.ts";

/** Of everybody who has signed up. */
export const password = "right password";

export interface TeamBody {
  readonly id: string;
  readonly name: string;
  readonly slug: string;
  readonly is_byoc: boolean;
  readonly role: string;
}

export const claimsOf = (token: string) => JSON.parse(Buffer.from(token.split(".")[1]!, "base64url").toString());

/** Belongs to the top of a file of tests: the yard starts before them and ends after them. */
export function useWrennAccounts() {
  let opened: OpenedYard;
  let ada: SignedUp;
  let ben: SignedUp;
  before(async () => {
    opened = await openTestYard({ "listen-wrenn": "127.0.0.1:0" });
    ada = await signUp(opened.url, "ada");
    ben = await signUp(opened.url, "ben");
  });
  after(() => opened[Symbol.asyncDispose]());

  const ask = <Body = AnyBody>(method: string, path: string, request?: WrennRequest) =>
    askWrenn<Body>(opened.url, method, path, request);

  return {
    /** This and the accounts: once the tests have begun. */
    get opened() {
      return opened;
    },
    get ada() {
      return ada;
    },
    get ben() {
      return ben;
    },
    ask,
    /** The status, and the code of the error if it is one. */
    async outcome(method: string, path: string, request?: WrennRequest): Promise<readonly unknown[]> {
      const { status, json } = await ask(method, path, request);
      return status < 400 ? [status] : [status, json.error.code];
    },
    login: (email: string, secret = password, headers?: Record<string, string>) =>
      ask("POST", "/v1/auth/login", { headers, body: { email, password: secret } }),
  };
}
