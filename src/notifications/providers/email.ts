/** A letter by SMTP. */
import type { ChannelConfig } from "../channel.ts";
import { titleAndText } from "./message-text.ts";
import { type MailProvider, type MailSecurity, mailSecurities, wrongAddress } from "./provider.ts";

const mostRecipients = 50;
/** What stands for one mailbox; whether there is one, its server knows. */
const mailbox = /^[^\s@<>,;"]+@[^\s@<>,;"]+$/;
const hostName = /^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$|^[0-9a-f:.]*:[0-9a-f:.]*$/i;

export const email: MailProvider = {
  fields: {
    ...({ host: "required", port: "optional", security: "optional" } as const),
    ...({ username: "optional", password: "optional", from: "required", to: "required" } as const),
  },
  shown: ["host", "port", "security", "username", "from", "to"],
  destination: ["host", "port", "security"],
  mail(config, { event, eventId }) {
    const { host = "", from = "", to = "" } = config;
    if (!hostName.test(host)) throw wrongAddress("host", "is no name of a host");
    const port = portOf(config);
    const security = securityOf(config, port);
    const recipients = to.split(",").map((each) => each.trim());
    if (!mailbox.test(from)) throw wrongAddress("from", "is no address such as yard@example.org");
    if (recipients.length > mostRecipients) throw wrongAddress("to", `holds more than ${mostRecipients} addresses`);
    if (!recipients.every((each) => mailbox.test(each)))
      throw wrongAddress("to", "holds something that is no address such as ann@example.org, several by comma");
    const { title, text } = titleAndText(event);
    return {
      ...{ host, port, security, ...loginOf(config, security) },
      ...{ from, to: recipients, subject: title, text, messageId: `<${eventId}@runyard>` },
    };
  },
};

function portOf({ port = "587" }: ChannelConfig): number {
  const number = Number(port);
  if (/^\d+$/.test(port) && number > 0 && number < 65_536) return number;
  throw wrongAddress("port", "is a number from 1 to 65535");
}

/** Servers speak TLS from the first byte on at 465, and by STARTTLS elsewhere. */
function securityOf({ security }: ChannelConfig, port: number): MailSecurity {
  if (security === undefined) return port === 465 ? "tls" : "starttls";
  const known = mailSecurities.find((each) => each === security);
  if (known) return known;
  throw wrongAddress("security", `is one of ${mailSecurities.join(", ")}`);
}

function loginOf({ username, password }: ChannelConfig, security: MailSecurity) {
  if (username === undefined && password === undefined) return {};
  if (username === undefined) throw wrongAddress("username", "is missing: there is a password");
  if (password === undefined) throw wrongAddress("password", "is missing: there is a username");
  if (security === "none") throw wrongAddress("security", "may not be none: a password goes over TLS alone");
  return { login: { username, password } };
}
