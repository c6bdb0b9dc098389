/** How a machine becomes a host that shows a certificate, and gets the next one in time. */
import { YardError } from "../platform/errors.ts";
import { tunnelServerName } from "../platform/tunnel-stream.ts";
import type { YardOfHost } from "./host-enrolment.ts";
import { createYardClient, discard, readJson } from "./http.ts";
import { asObject, textField } from "./json.ts";

export interface MachineFacts {
  readonly hostname: string;
  readonly os: string;
  readonly arch: string;
  /** Of the agent. */
  readonly version: string;
  readonly docker_version?: string;
}

/** Texts are PEM. */
export interface HostCertificate {
  readonly hostId: string;
  /** `wss://…/connect` */
  readonly agentUrl: string;
  /** What the yard is known by. */
  readonly authority: string;
  readonly certificate: string;
}

/** What one shows to the yard. */
export interface CertificateHolder extends HostCertificate {
  readonly key: string;
}

/** @param token good once, and used up whatever comes of it @param request a certificate request (PEM)
 *  @throws {YardError} unauthenticated, unavailable, … as the yard answers */
export async function enrolAgent(
  yard: YardOfHost,
  token: string,
  { request, ...facts }: MachineFacts & { readonly request: string },
): Promise<HostCertificate> {
  const json = { token, csr: request, ...facts };
  const response = await createYardClient(yard).request({
    ...{ method: "POST", path: "/api/v1/agents/enroll", json, accept: [401] },
  });
  if (response.statusCode === 401) {
    await discard(response);
    throw new YardError("unauthenticated", `${yard.url} does not take the enrolment token, or no longer.`);
  }
  const reply = asObject(await readJson(response), "the answer");
  return {
    hostId: textField(reply, "agent_id"),
    agentUrl: textField(reply, "agent_url"),
    authority: textField(reply, "ca_cert"),
    certificate: textField(reply, "client_cert"),
  };
}

/** @returns the next certificate, for the key that the request is signed with. The present one is good until that is used.
 *  @throws {YardError} unauthenticated, forbidden, unavailable */
export async function renewCertificate(holder: CertificateHolder, request: string): Promise<string> {
  const url = new URL(holder.agentUrl).origin.replace(/^wss:/, "https:");
  const client = createYardClient({ url, ca: holder.authority, proof: proofOf(holder) });
  const response = await client.request({ method: "POST", path: "/certificate", json: { csr: request } });
  return textField(asObject(await readJson(response), "the answer"), "client_cert");
}

/** For TLS: who we are, and who has to be at the other end by whatever address that is reached. */
export function proofOf({ certificate: cert, key }: CertificateHolder) {
  return { cert, key, servername: tunnelServerName };
}
