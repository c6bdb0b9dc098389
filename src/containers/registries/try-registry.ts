/** Whether a registry answers, and takes a name and password: what an engine does before it pulls, and no more. Nothing of its answers but statuses is told
 *  to anybody, and no redirect is followed: an address that people choose must not become a way to look into the server's networks.
 *  @see the distribution specification, and its token authentication */
import type { BlockList } from "node:net";
import { isIn, specialKindOf } from "../../platform/http/outgoing/addresses.ts";
import type { HttpResponse } from "../../platform/http/outgoing/exchange.ts";
import { ExchangeError } from "../../platform/http/outgoing/exchange-error.ts";
import { exchangeFault, hostOf, type Resolve, requestGuarded } from "../../platform/http/outgoing/guarded-request.ts";
import { userAgent } from "../../platform/http/outgoing/user-agent.ts";
import type { RegistryCredentials } from "../image-pull.ts";

export interface TryRegistryParts {
  /** Beside the internet, where registries may be. */
  readonly allowNetworks: BlockList;
  /** The system's own if absent. */
  readonly resolve?: Resolve;
  readonly timeoutMs?: number;
}

/** @returns whether it has taken the credentials; false where it wants none
 *  @throws {ExchangeError} the reason why it cannot be used */
export type TryRegistry = (api: URL, credentials: RegistryCredentials | undefined) => Promise<boolean>;

export function createTryRegistry({ allowNetworks, resolve, timeoutMs = 10_000 }: TryRegistryParts): TryRegistry {
  return async (api, credentials) => {
    const signal = AbortSignal.timeout(timeoutMs);
    const ask: Ask = async (url, authorization) => {
      const judge = (address: string) => {
        const kind = specialKindOf(address);
        if (kind === undefined || isIn(allowNetworks, address)) return;
        throw new ExchangeError(`${hostOf(url)} leads to ${kind}, which registries.allow-networks does not allow`);
      };
      const headers: [name: string, value: string][] = [["user-agent", userAgent]];
      if (authorization !== undefined) headers.push(["authorization", authorization]);
      return requestGuarded({ method: "GET", url, headers, body: undefined }, { judge, resolve, signal });
    };
    try {
      return await signIn(api, credentials, ask);
    } catch (error) {
      const reason = signal.aborted ? `no answer within ${timeoutMs / 1_000} s` : exchangeFault(error);
      throw new ExchangeError(reason, { cause: error });
    }
  };
}

type Ask = (url: URL, authorization?: string) => Promise<HttpResponse>;

async function signIn(api: URL, credentials: RegistryCredentials | undefined, ask: Ask): Promise<boolean> {
  const challenge = await challengeOf(api, ask);
  if (challenge === undefined) return false;
  const { scheme, parameters } = challenge;
  if (credentials === undefined) {
    if (scheme === "bearer") await requireTaken(await ask(tokenUrl(api, parameters)));
    else throw new ExchangeError("it wants a name and a password, and none are kept");
    return false;
  }
  const basic = `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString("base64")}`;
  const url = scheme === "bearer" ? tokenUrl(api, parameters, credentials.username) : api;
  await requireTaken(await ask(url, basic));
  return true;
}

interface Challenge {
  readonly scheme: "basic" | "bearer";
  readonly parameters: ReadonlyMap<string, string>;
}

/** How it wants to be asked; undefined: by anybody. */
async function challengeOf(api: URL, ask: Ask): Promise<Challenge | undefined> {
  using response = await ask(api);
  if (response.status === 200) return undefined;
  if (response.status !== 401)
    throw new ExchangeError(`it answered with status ${response.status}, as no registry does`);
  const header = response.headers.find(([name]) => name.toLowerCase() === "www-authenticate")?.[1] ?? "";
  const scheme = header.split(" ", 1)[0]!.toLowerCase();
  if (scheme !== "basic" && scheme !== "bearer")
    throw new ExchangeError("it wants to know who asks, and does not say how");
  const pairs = header.matchAll(/([a-z]+)="([^"]*)"/gi);
  return { scheme, parameters: new Map(Array.from(pairs, ([, name, value]) => [name!.toLowerCase(), value!])) };
}

/** @param parameters what the registry has said: as little to be trusted as all that it says */
function tokenUrl(api: URL, parameters: ReadonlyMap<string, string>, username?: string): URL {
  const url = URL.parse(parameters.get("realm") ?? "");
  // A password goes over TLS, unless the registry itself is on this machine and has none.
  const isSafe = url?.protocol === "https:" || (url?.protocol === "http:" && api.protocol === "http:");
  if (!url || !isSafe || url.username || url.password) throw new ExchangeError("it does not say where to sign in");
  const service = parameters.get("service");
  if (service !== undefined) url.searchParams.set("service", service);
  if (username !== undefined) url.searchParams.set("account", username);
  return url;
}

async function requireTaken(answer: HttpResponse): Promise<void> {
  using response = answer;
  if (response.status === 200) return;
  if (response.status === 401 || response.status === 403) throw new ExchangeError("it refuses that name and password");
  throw new ExchangeError(`it answered with status ${response.status}, where one signs in`);
}
