/** An agent that shows tokens: it joins a yard once, and is connected to it from then on. */
import { hostname } from "node:os";
import type { Agent } from "../../agent/agent.ts";
import { openTunnel } from "../../agent/tunnel/tunnel.ts";
import { joinYard } from "../../client/host-enrolment.ts";
import { isYardError, YardError } from "../../platform/errors.ts";
import { every } from "../../platform/timers.ts";
import { type Joined, type JoinedFile, openJoinedFile } from "./credentials.ts";
import { createMembership, type Membership } from "./membership.ts";

const renewMs = 6 * 3_600_000;
const stopGraceMs = 5_000;

export interface JoinOptions {
  readonly url: string;
  readonly directory: string;
  readonly token?: string;
  /** PEM. */
  readonly ca?: string;
  readonly log: (message: string) => void;
}

export interface JoinedYard extends Membership {
  readonly joined: Joined;
}

/** With credentials from before a token is of no interest: a service manager passes the same one at every start.
 *  @throws {YardError} unauthenticated, precondition, unavailable */
export async function joinYardOnce({ url, ca, token, directory, log }: JoinOptions): Promise<JoinedYard> {
  const file = openJoinedFile(directory);
  const known = await file.read();
  if (known && known.yard.url === url) {
    const joined = { ...known, yard: { url, ca: ca ?? known.yard.ca } };
    const membership = createMembership({ joined, file, log });
    const doubted = token === undefined ? undefined : known.credentials.token;
    if (await isStillGood(membership, doubted)) return { ...membership, joined };
    log(`${url} does not take this host's credentials any more.`);
  }
  const joined = await joinAnew({ url, ca, token, file });
  log(`Joined ${url} as ${joined.credentials.hostId}.`);
  return { ...createMembership({ joined, file, log }), joined };
}

/** A yard that cannot be reached says nothing against them. @param doubted a token that is not to be taken for good without asking */
async function isStillGood(membership: Membership, doubted: string | undefined): Promise<boolean> {
  try {
    await membership.token(doubted);
    return true;
  } catch (error) {
    return !isYardError(error, "unauthenticated");
  }
}

async function joinAnew(parts: {
  url: string;
  ca: string | undefined;
  token: string | undefined;
  file: JoinedFile;
}): Promise<Joined> {
  const { url, ca, token, file } = parts;
  if (!token)
    throw new YardError(
      "unauthenticated",
      `joining ${url} takes a registration token: make one with \`runyard host add\`, and pass it with --token.`,
    );
  const credentials = await joinYard({ url, ca }, token, hostname()).catch((error: unknown) => {
    if (!isYardError(error, "unauthenticated")) throw error;
    throw new YardError(error.code, `${url} does not take the registration token: it is good once, and for an hour.`, {
      cause: error,
    });
  });
  const joined = { yard: { url, ca }, credentials };
  await file.save(joined);
  return joined;
}

export function openTunnelOf(membership: JoinedYard, agent: Agent, log: (message: string) => void): AsyncDisposable {
  const { yard, credentials } = membership.joined;
  const target = `${yard.url}/yard/v1/hosts/${encodeURIComponent(credentials.hostId)}/tunnel`;
  let shown: string | undefined;
  const opened = new AsyncDisposableStack();
  // Also while the connection stays: it may stay for longer than the credentials would.
  const renew = () =>
    membership.token().then(
      () => {},
      (error: unknown) =>
        log(`The host's credentials cannot be renewed: ${error instanceof Error ? error.message : error}`),
    );
  opened.use(every(renewMs, renew));
  opened.use(
    openTunnel({
      name: yard.url,
      async approach({ isRefused }) {
        shown = await membership.token(isRefused ? shown : undefined);
        return { target, options: { ca: yard.ca, headers: { authorization: `Bearer ${shown}` } } };
      },
      ...{ serve: agent.serve, log },
      onRemoved() {
        log("The yard has removed this host: stopping all that runs.");
        void agent.shutdown({ graceMs: stopGraceMs });
      },
    }),
  );
  return opened;
}
