/** The yard as a client of OpenID providers: where the browser is sent, and what a provider says of whoever comes back.
 *  Authorization code with PKCE and a nonce; ID tokens are verified with the provider's keys.
 *  @see OpenID Connect Core 1.0, section 3.1; RFC 7636; RFC 9700 */
import type { ClientAuth, Configuration, CustomFetch } from "openid-client";
import * as openid from "openid-client";
import type { Clock } from "../../platform/clock.ts";
import { YardError } from "../../platform/errors.ts";
import { type Claims, readClaims } from "./claims.ts";
import { faultOf } from "./faults.ts";
import type { OpenIdProvider } from "./provider.ts";

/** What ties the way back to the way there. */
export interface Challenge {
  readonly state: string;
  readonly nonce: string;
  /** Of PKCE. */
  readonly verifier: string;
  readonly redirectUri: string;
}

export interface Endpoints {
  readonly issuer: string;
  readonly authorization?: string;
  readonly token?: string;
  readonly userinfo?: string;
}

export interface RelyingParty {
  /** A new sign-in. @returns also where the browser is to go @throws {YardError} unavailable, with the reason */
  begin(
    provider: OpenIdProvider,
    redirectUri: string,
  ): Promise<{ readonly challenge: Challenge; readonly url: string }>;
  /** What the provider says of whoever has come back with these parameters.
   *  @throws {YardError} forbidden, where the provider has refused; unavailable: it cannot be asked, or is not to be believed */
  complete(provider: OpenIdProvider, challenge: Challenge, returned: URLSearchParams): Promise<Claims>;
  /** Asks anew. @throws {YardError} unavailable */
  discover(issuer: string): Promise<Endpoints>;
  /** Asks anew for what is remembered of a provider. @throws {YardError} unavailable */
  reload(provider: OpenIdProvider): Promise<void>;
}

export interface RelyingPartyParts {
  readonly clock: Clock;
  readonly fetch: CustomFetch;
  /** Undefined: none is kept. */
  secretOf(providerId: number): Promise<string | undefined>;
}

/** How long a discovery document is believed; keys are asked for again after five minutes. */
const rememberMs = 10 * 60_000;
/** More than there may be. */
const mostRemembered = 100;
/** Each request has an end of its own (provider-fetch.ts); this one only has to come later. */
const timeoutSeconds = 60;

interface Remembered {
  /** Of the provider as it was set up. */
  readonly updatedAt: number;
  /** Monotonic. */
  readonly at: number;
  readonly opened: Promise<Configuration>;
}

export function createRelyingParty({ clock, fetch, secretOf }: RelyingPartyParts): RelyingParty {
  const remembered = new Map<number, Remembered>();

  async function discovered(issuer: string, clientId: string, auth: ClientAuth): Promise<Configuration> {
    const server = new URL(issuer);
    try {
      const opened = await openid.discovery(server, clientId, undefined, auth, {
        [openid.customFetch]: fetch,
        timeout: timeoutSeconds,
        execute: [
          openid.enableNonRepudiationChecks,
          // Only on this machine: the issuer's own address was checked, and each request is.
          ...(server.protocol === "http:" ? [openid.allowInsecureRequests] : []),
        ],
      });
      // The library lets some issuers pass that speak for many others.
      if (new URL(opened.serverMetadata().issuer).href === server.href) return opened;
    } catch (error) {
      throw unavailable(issuer, faultOf(error));
    }
    throw unavailable(issuer, "it says that it is another one");
  }

  /** Those who come at the same moment share one discovery; one that has failed is not remembered. */
  function openedFor(provider: OpenIdProvider): Promise<Configuration> {
    const { id, issuer, clientId, updatedAt } = provider;
    const known = remembered.get(id);
    if (known?.updatedAt === updatedAt && clock.monotonic() - known.at < rememberMs) return known.opened;
    const opened = secretOf(id).then((secret) => discovered(issuer, clientId, authenticationBy(secret)));
    const entry = { updatedAt, opened, at: clock.monotonic() };
    if (remembered.size >= mostRemembered) remembered.clear(); // of providers that were deleted since
    remembered.set(id, entry);
    opened.catch(() => void (remembered.get(id) === entry && remembered.delete(id)));
    return opened;
  }

  return {
    async begin(provider, redirectUri) {
      const configuration = await openedFor(provider);
      const challenge = {
        ...{ state: openid.randomState(), nonce: openid.randomNonce(), redirectUri },
        verifier: openid.randomPKCECodeVerifier(),
      };
      const asked = {
        ...{ redirect_uri: redirectUri, scope: provider.scopes, state: challenge.state, nonce: challenge.nonce },
        code_challenge: await openid.calculatePKCECodeChallenge(challenge.verifier),
        code_challenge_method: "S256",
      };
      try {
        return { challenge, url: openid.buildAuthorizationUrl(configuration, asked).href };
      } catch (error) {
        throw unavailable(provider.displayName, faultOf(error));
      }
    },

    async complete(provider, { state, nonce, verifier, redirectUri }, returned) {
      const configuration = await openedFor(provider);
      const arrivedAt = new URL(redirectUri);
      arrivedAt.search = returned.toString();
      try {
        const tokens = await openid.authorizationCodeGrant(configuration, arrivedAt, {
          ...{ expectedState: state, expectedNonce: nonce, pkceCodeVerifier: verifier, idTokenExpected: true },
        });
        const told = tokens.claims();
        if (told === undefined) throw new TypeError("there is no ID token, which was asked for");
        const hasMore = configuration.serverMetadata().userinfo_endpoint !== undefined;
        return readClaims(
          told,
          hasMore ? await openid.fetchUserInfo(configuration, tokens.access_token, told.sub) : {},
        );
      } catch (error) {
        if (error instanceof openid.AuthorizationResponseError)
          throw new YardError("forbidden", `${provider.displayName} has not let you in: ${faultOf(error)}.`);
        throw unavailable(provider.displayName, faultOf(error));
      }
    },

    async discover(issuer) {
      const metadata = (await discovered(issuer, "runyard", openid.None())).serverMetadata();
      return {
        issuer: metadata.issuer,
        authorization: metadata.authorization_endpoint,
        token: metadata.token_endpoint,
        userinfo: metadata.userinfo_endpoint,
      };
    },

    async reload(provider) {
      remembered.delete(provider.id);
      await openedFor(provider);
    },
  };
}

/** As the provider says that it wants the secret: in a header, where it does not say. @see RFC 8414, section 2 */
function authenticationBy(secret: string | undefined): ClientAuth {
  if (secret === undefined) return openid.None();
  const [basic, post] = [openid.ClientSecretBasic(secret), openid.ClientSecretPost(secret)];
  return (server, client, body, headers) => {
    const methods = server.token_endpoint_auth_methods_supported;
    const inBody = methods?.includes("client_secret_post") && !methods.includes("client_secret_basic");
    return (inBody ? post : basic)(server, client, body, headers);
  };
}

function unavailable(who: string, reason: string): YardError {
  return new YardError("unavailable", `${who} cannot be used to sign in: ${reason}.`);
}
