/** What an agent that shows a certificate remembers of its yard: `certificate.json` in its directory, for its owner's eyes only. */
import { join } from "node:path";
import type { CertificateHolder } from "../../client/agent-enrolment.ts";
import type { YardOfHost } from "../../client/host-enrolment.ts";
import { asObject, optionalTextField, parseObject, textField } from "../../client/json.ts";
import { readPrivateFile, writePrivateFile } from "../../client/private-file.ts";
import { YardError } from "../../platform/errors.ts";

export interface Enrolment {
  readonly yard: YardOfHost;
  readonly holder: CertificateHolder;
  /** Hex SHA-256 of the token that it was enrolled with: whoever passes another one wants it enrolled anew. */
  readonly tokenHash: string;
}

export interface CertificateFile {
  /** @throws {YardError} precondition: the file is damaged, or open to others */
  read(): Promise<Enrolment | undefined>;
  save(enrolment: Enrolment): Promise<void>;
}

export function openCertificateFile(directory: string): CertificateFile {
  const path = join(directory, "certificate.json");
  return {
    async read() {
      const text = await readPrivateFile(path);
      return text === undefined ? undefined : parse(text, path);
    },
    save: (enrolment) => writePrivateFile(path, `${JSON.stringify(enrolment)}\n`),
  };
}

function parse(text: string, path: string): Enrolment {
  try {
    const enrolment = parseObject(text);
    const yard = asObject(enrolment.yard, '"yard"');
    const holder = asObject(enrolment.holder, '"holder"');
    const field = (name: string) => textField(holder, name);
    return {
      yard: { url: textField(yard, "url"), ca: optionalTextField(yard, "ca") },
      holder: {
        ...{ hostId: field("hostId"), agentUrl: field("agentUrl"), authority: field("authority") },
        ...{ certificate: field("certificate"), key: field("key") },
      },
      tokenHash: textField(enrolment, "tokenHash"),
    };
  } catch (cause) {
    throw new YardError("precondition", `${path} is damaged. Remove it, and join the yard with a new token.`, {
      cause,
    });
  }
}
