/** Hands a letter to a mail server: at the addresses that were decided on, and nothing of what it answers is told to anybody but its code. */
import type { LookupAddress } from "node:dns";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { ExchangeError } from "../platform/http/outgoing/exchange-error.ts";
import type { Mail } from "./providers/provider.ts";

export interface MailRoute {
  /** Of its host. */
  readonly addresses: readonly LookupAddress[];
  readonly signal: AbortSignal;
}

/** Resolves once the server has taken it for all who are to get it.
 *  @throws {ExchangeError} the reason; the errors of sockets */
export async function sendMail(mail: Mail, { addresses, signal }: MailRoute): Promise<void> {
  const { host, port, security, login, from, to, subject, text, messageId } = mail;
  // Loaded here: few yards send letters, and each would take some megabytes for it.
  const { createTransport } = await import("nodemailer");
  const socket = await openSocket(port, { addresses, signal });
  const hangUp = () => socket.destroy();
  signal.addEventListener("abort", hangUp, { once: true });
  const transport = createTransport({
    ...{ host, port, connection: socket, secure: security === "tls" },
    ...{ requireTLS: security === "starttls", ignoreTLS: security === "none" },
    ...(login && { auth: { user: login.username, pass: login.password } }),
    // A letter is these texts: nothing of it is to be fetched.
    ...{ disableFileAccess: true, disableUrlAccess: true },
  });
  try {
    const { rejected } = await transport.sendMail({ from, to: [...to], subject, text, messageId });
    if (rejected.length > 0) throw new ExchangeError(`the mail server refused ${rejected.length} of the recipients`);
  } catch (error) {
    throw faultOf(error);
  } finally {
    signal.removeEventListener("abort", hangUp);
    transport.close();
    socket.destroy();
  }
}

async function openSocket(port: number, { addresses, signal }: MailRoute): Promise<Socket> {
  const socket = connect({
    ...{ host: "mail-server", port, signal },
    lookup: (_host, { all }, callback) => {
      if (all) callback(null, [...addresses]);
      else callback(null, addresses[0]!.address, addresses[0]!.family);
    },
  });
  socket.on("error", () => {}); // also where it breaks and nobody waits for it
  await once(socket, "connect", { signal });
  return socket;
}

const noTls = "no safe connection to the mail server (TLS) could be made";
const reasons: Readonly<Record<string, string>> = {
  EAUTH: "the mail server refuses that username and password",
  ETLS: noTls,
  EENVELOPE: "the mail server refuses the sender, or all who are to get it",
};

/** What a server writes beside its code is not shown: it may be any server. */
function faultOf(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof ExchangeError) return error;
  const { code, originalCode, responseCode } = error as Error & Record<string, unknown>;
  const isOfTls = typeof originalCode === "string" && /CERT|TLS|SSL/.test(originalCode);
  const reason = isOfTls ? noTls : reasons[String(code)];
  const answer = typeof responseCode === "number" ? ` (it answered ${responseCode})` : "";
  return new ExchangeError((reason ?? "the mail server did not take it") + answer, { cause: error });
}
