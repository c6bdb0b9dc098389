/** The connection of an agent that shows a certificate, and the renewal of that long before its end. */
import { X509Certificate } from "node:crypto";
import type { Agent } from "../../agent/agent.ts";
import { openTunnel } from "../../agent/tunnel/tunnel.ts";
import { proofOf, renewCertificate } from "../../client/agent-enrolment.ts";
import { newCertificateRequest } from "../../platform/crypto/certificates.ts";
import { YardError } from "../../platform/errors.ts";
import { every } from "../../platform/timers.ts";
import type { CertificateFile, Enrolment } from "./certificate-file.ts";

const lookMs = 6 * 3_600_000;
const stopGraceMs = 5_000;

export interface CertifiedParts {
  readonly enrolment: Enrolment;
  readonly file: CertificateFile;
  readonly log: (message: string) => void;
}

export function openCertifiedTunnel(agent: Agent, { file, log, ...parts }: CertifiedParts): AsyncDisposable {
  let { enrolment } = parts;
  const opened = new AsyncDisposableStack();

  async function renewIfDue(): Promise<void> {
    try {
      enrolment = await renewWhenDue(enrolment, file, Date.now());
    } catch (error) {
      log(`The host's certificate cannot be renewed: ${error instanceof Error ? error.message : error}`);
    }
  }

  // Also while the connection stays, which goes on with the certificate that it was opened with.
  opened.use(every(lookMs, renewIfDue));
  opened.use(
    openTunnel({
      name: enrolment.holder.agentUrl,
      async approach({ isRefused }) {
        if (isRefused) {
          const advice = "If its machine shall be this host, get another token and pass it with --token.";
          throw new YardError("unauthenticated", `the host's certificate is not taken any more. ${advice}`);
        }
        await renewIfDue();
        const { holder } = enrolment;
        return { target: holder.agentUrl, options: { ca: holder.authority, ...proofOf(holder) } };
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

/** In the last third of its life: a yard that is away for weeks does no harm. The new one is on the disk before it is shown. */
export async function renewWhenDue(enrolment: Enrolment, file: CertificateFile, now: number): Promise<Enrolment> {
  const { validFromDate, validToDate } = new X509Certificate(enrolment.holder.certificate);
  const [from, to] = [validFromDate.getTime(), validToDate.getTime()];
  if (now < to - (to - from) / 3) return enrolment;
  const { request, key } = await newCertificateRequest(enrolment.holder.hostId);
  const certificate = await renewCertificate(enrolment.holder, request);
  const renewed = { ...enrolment, holder: { ...enrolment.holder, certificate, key } };
  await file.save(renewed);
  return renewed;
}
