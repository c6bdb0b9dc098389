/** What the agents' listener is built on; yard.ts hands it in. */
import type { CertificateEnrolment } from "../../hosts/certificates/certificate-enrolment.ts";
import type { HostCertificates } from "../../hosts/certificates/host-certificates.ts";
import type { Fleet } from "../../hosts/fleet.ts";
import type { Trail } from "../../identity/trail.ts";

export interface AgentsParts {
  readonly certificates: Pick<HostCertificates, "identify" | "settle">;
  readonly enrolment: Pick<CertificateEnrolment, "renew">;
  readonly fleet: Pick<Fleet, "moor">;
  readonly trail: Pick<Trail, "record">;
  readonly version: string;
}
