/** Signing in by OpenID providers: puts the parts together. */
import { BlockList } from "node:net";
import { createLoginGate } from "../../platform/crypto/login-gate.ts";
import { isYardError } from "../../platform/errors.ts";
import type { Resolve } from "../../platform/http/outgoing/guarded-request.ts";
import { type Arrival, createEnter, type EntryParts } from "./entry.ts";
import { requireIssuer } from "./issuer.ts";
import { createProviderFetch } from "./provider-fetch.ts";
import { createOpenIdProviders, type OpenIdProviders, type ProviderParts } from "./providers.ts";
import type { Endpoints, RelyingParty } from "./relying-party.ts";
import { createSignInStates } from "./sign-in-state.ts";

export type { Arrival } from "./entry.ts";
export type { OpenIdProvider, OpenIdProviderInput } from "./provider.ts";
export type { OpenIdProviders } from "./providers.ts";
export { stateLifetimeMs } from "./sign-in-state.ts";

export interface Return {
  /** What the browser has kept. */
  readonly sealed: string;
  /** What the provider has sent back with it. */
  readonly parameters: URLSearchParams;
  /** An address: see `LoginGate`. */
  readonly source: string;
}

export interface OpenId {
  readonly providers: OpenIdProviders;
  /** @param redirectUri where the provider sends the browser back to
   *  @returns where it is to go, and what it keeps until it is back, for `stateLifetimeMs`
   *  @throws {YardError} not_found; unavailable */
  begin(slug: string, redirectUri: string): Promise<{ readonly url: string; readonly sealed: string }>;
  /** The user who has come back, who may come in.
   *  @throws {YardError} not_found; unauthenticated: this sign-in was not begun there, or not now, or has been completed; of other codes, with the reason,
   *  where the provider or the yard lets nobody in */
  complete(slug: string, returned: Return): Promise<Arrival>;
  /** What a provider says of itself. @throws {YardError} invalid; unavailable, with the reason */
  discover(issuer: string): Promise<Endpoints>;
  /** Asks all that are switched on what they say of themselves by now. */
  reload(): Promise<{ readonly reloaded: number; readonly failed: number }>;
}

export interface OpenIdParts extends ProviderParts, EntryParts {
  /** Seals what browsers keep, and nothing else. */
  readonly stateKey: Uint8Array;
  readonly settings?: OpenIdSettings;
}

export interface OpenIdSettings {
  /** Beside the internet, where providers may be. */
  readonly allowNetworks: BlockList;
  /** The system's own if absent. */
  readonly resolve?: Resolve;
  readonly timeoutMs?: number;
}

/** Each holds a connection to a provider. */
const completedAtOnce = { limit: 8, queue: 64 };
const usualTimeoutMs = 10_000;
const internetOnly: OpenIdSettings = { allowNetworks: new BlockList() };

export function createOpenId({ stateKey, settings = internetOnly, ...parts }: OpenIdParts): OpenId {
  const providers = createOpenIdProviders(parts);
  const fetch = createProviderFetch({ timeoutMs: usualTimeoutMs, ...settings });
  let party: Promise<RelyingParty> | undefined;
  const states = createSignInStates({ ...parts, key: stateKey });
  const enter = createEnter(parts);
  const gate = createLoginGate(completedAtOnce);
  const { list, create, update, remove } = providers;

  /** Most yards have no provider: what speaks to them is loaded when there is one. */
  function relyingParty(): Promise<RelyingParty> {
    party ??= import("./relying-party.ts").then(({ createRelyingParty }) =>
      createRelyingParty({ clock: parts.clock, fetch, secretOf: providers.secretOf }),
    );
    return party;
  }

  return {
    providers: { list, create, update, remove },

    async begin(slug, redirectUri) {
      const provider = await providers.enabled(slug);
      const { challenge, url } = await (await relyingParty()).begin(provider, redirectUri);
      return { url, sealed: states.seal(provider, challenge) };
    },

    async complete(slug, { sealed, parameters, source }) {
      const provider = await providers.enabled(slug);
      return gate.run({ account: sealed, source }, async () => {
        const kept = await states.open(provider, sealed, parameters.get("state") ?? "");
        const claims = await (await relyingParty()).complete(provider, kept, parameters);
        await states.useUp(kept);
        return enter(provider, claims);
      });
    },

    discover: async (issuer) => (await relyingParty()).discover(requireIssuer(issuer)),

    async reload() {
      const asker = await relyingParty();
      const all = (await list()).filter(({ isEnabled }) => isEnabled);
      const outcomes = await Promise.all(
        all.map((provider) =>
          asker.reload(provider).then(
            () => true,
            (error: unknown) => {
              if (isYardError(error)) return false;
              throw error;
            },
          ),
        ),
      );
      const reloaded = outcomes.filter(Boolean).length;
      return { reloaded, failed: outcomes.length - reloaded };
    },
  };
}
