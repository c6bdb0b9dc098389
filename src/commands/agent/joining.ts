/** How an agent belongs to a yard that is not of its own machine: by a certificate, or by tokens. Which of them, its first token decides. */
import { readFile } from "node:fs/promises";
import type { Agent } from "../../agent/agent.ts";
import { parseYardUrl } from "../../client/find-yard.ts";
import { errnoOf, YardError } from "../../platform/errors.ts";
import { openCertificateFile } from "./certificate-file.ts";
import { openCertifiedTunnel } from "./certified-tunnel.ts";
import { enrolOnce } from "./enrol.ts";
import { joinYardOnce, openTunnelOf } from "./join.ts";

export interface JoiningOptions {
  readonly url: string;
  readonly directory: string;
  readonly token?: string;
  /** Paths. */
  readonly tokenFile?: string;
  readonly ca?: string;
  readonly dockerSockets: readonly string[];
  readonly log: (message: string) => void;
}

export interface Member {
  /** Connects it to its yard, for as long as it takes. */
  connect(agent: Agent): AsyncDisposable;
}

/** @throws {YardError} unauthenticated, precondition, unavailable */
export async function becomeMember({ url: given, ...options }: JoiningOptions): Promise<Member> {
  const { directory, log, dockerSockets } = options;
  const url = parseYardUrl(given);
  const ca = options.ca === undefined ? undefined : await readText(options.ca, { field: "--ca" });
  const file = openCertificateFile(directory);
  const known = await file.read();
  const ours = known?.yard.url === url ? known : undefined;
  const token = await givenToken(options);
  const enrolment = await enrolOnce({
    yard: { url, ca: ca ?? ours?.yard.ca },
    file,
    known: ours,
    token,
    dockerSockets,
    log,
  });
  if (enrolment) return { connect: (agent) => openCertifiedTunnel(agent, { enrolment, file, log }) };
  const joined = await joinYardOnce({ url, ca, directory, token, log });
  return { connect: (agent) => openTunnelOf(joined, agent, log) };
}

/** A file whose token was used up may well be gone: an agent that has joined needs none. */
async function givenToken({ token, tokenFile }: Pick<JoiningOptions, "token" | "tokenFile">) {
  if (tokenFile === undefined) return token;
  return (await readText(tokenFile, { field: "--token-file", mayBeGone: true }))?.trim();
}

async function readText(path: string, { field, mayBeGone = false }: { field: string; mayBeGone?: boolean }) {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (mayBeGone && errnoOf(error) === "ENOENT") return undefined;
    throw new YardError("invalid", `cannot read ${path} (${errnoOf(error) ?? error})`, { field, cause: error });
  }
}
