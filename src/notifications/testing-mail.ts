/** For tests: a mail server on this machine. */
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { SMTPServer } from "smtp-server";
import { systemClock } from "../platform/clock.ts";
import type { TlsMaterial } from "../platform/http/tls.ts";
import { selfSignedTls } from "../platform/http/tls-self-signed.ts";
import { temporaryDirectory } from "../platform/testing/temporary-directory.ts";

export interface ReceivedMail {
  readonly from: string;
  readonly to: readonly string[];
  /** Who has signed in. */
  readonly user: string | undefined;
  readonly isSecure: boolean;
  readonly text: string;
}

export interface TestMailServer extends AsyncDisposable {
  readonly port: number;
  readonly received: readonly ReceivedMail[];
}

export interface MailServerOptions {
  /** From the first byte on; or by STARTTLS; or not at all. */
  readonly security?: "tls" | "starttls" | "none";
  /** Whom it knows: name and password. Without, it takes letters from anybody. */
  readonly login?: readonly [username: string, password: string];
}

/** For all servers of this process, which trusts it from then on: of two authorities by one name, only one would be. */
let material: Promise<TlsMaterial> | undefined;

async function trustedMaterial(): Promise<TlsMaterial> {
  using directory = temporaryDirectory();
  const made = await selfSignedTls(directory.path, { clock: systemClock }).load();
  setDefaultCACertificates([...getCACertificates("default"), String(made.cert)]);
  return made;
}

export async function startMailServer({ security = "none", login }: MailServerOptions = {}): Promise<TestMailServer> {
  material ??= trustedMaterial();
  const { cert, key } = await material;
  const received: ReceivedMail[] = [];
  const server = new SMTPServer({
    ...{ cert, key, secure: security === "tls" },
    disabledCommands: [...(security === "starttls" ? [] : ["STARTTLS"]), ...(login ? [] : ["AUTH"])],
    authOptional: login === undefined,
    onAuth(given, _session, callback) {
      if (given.username === login?.[0] && given.password === login?.[1]) callback(null, { user: given.username });
      else callback(new Error("a secret of the mail server"));
    },
    onRcptTo(address, _session, callback) {
      callback(address.address.startsWith("nobody@") ? new Error("a secret of the mail server") : null);
    },
    onData(stream, { envelope, user, secure }, callback) {
      const from = envelope.mailFrom ? envelope.mailFrom.address : "";
      const to = envelope.rcptTo.map(({ address }) => address);
      void text(stream).then((letter) => {
        received.push({
          from,
          to,
          user: user === undefined ? undefined : String(user),
          isSecure: secure,
          text: letter,
        });
        callback();
      });
    },
  });
  server.on("error", () => {}); // of clients that hang up
  server.listen(0, "127.0.0.1");
  await once(server.server, "listening");
  return {
    ...{ port: (server.server.address() as AddressInfo).port, received },
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(resolve)),
  };
}
