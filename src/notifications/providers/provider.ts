/** What one kind of receiver has to know of a team, and how it is told something. */
import { YardError } from "../../platform/errors.ts";
import type { HttpRequest } from "../../platform/http/outgoing/exchange.ts";
import { userAgent } from "../../platform/http/outgoing/user-agent.ts";
import type { AnyDocument, ChannelConfig } from "../channel.ts";

export type Provider = HttpProvider | MailProvider;

/** What it takes to reach receivers of one kind. */
export interface ProviderFields {
  /** By name, whether it must be there. */
  readonly fields: Readonly<Record<string, "required" | "optional">>;
  /** Those that are no secrets; what is not named here is never shown again. */
  readonly shown?: readonly string[];
  /** Of these, which server gets the secrets. */
  readonly destination?: readonly string[];
  /** Adds what may be made up. */
  complete?(config: ChannelConfig): ChannelConfig;
  /** By which receivers know the sender: whoever makes the channel is told it, once. */
  readonly secretField?: string;
}

export interface HttpProvider extends ProviderFields {
  /** @throws {YardError} invalid (`config.…`), for an address that cannot be one of this kind */
  request(config: ChannelConfig, message: Message): HttpRequest;
}

export interface MailProvider extends ProviderFields {
  /** @throws {YardError} invalid (`config.…`) */
  mail(config: ChannelConfig, message: Message): Mail;
}

/** A letter, and the server that is to take it. */
export interface Mail {
  readonly host: string;
  readonly port: number;
  /** `tls` from the first byte on, `starttls` or not at all before anything is said, or `none`. */
  readonly security: MailSecurity;
  readonly login?: { readonly username: string; readonly password: string };
  readonly from: string;
  readonly to: readonly string[];
  readonly subject: string;
  readonly text: string;
  /** The same at each try. */
  readonly messageId: string;
}

export const mailSecurities = ["starttls", "tls", "none"] as const;
export type MailSecurity = (typeof mailSecurities)[number];

export interface Message {
  /** The same at each try. */
  readonly eventId: string;
  readonly event: AnyDocument;
  /** The event as it was kept. */
  readonly json: string;
  /** Of this try, milliseconds since 1970. */
  readonly at: number;
}

type Headers = Readonly<Record<string, string>>;

export function jsonRequest(method: "POST" | "PUT", url: URL, body: string, headers: Headers = {}): HttpRequest {
  const sent = { "content-type": "application/json", "user-agent": userAgent, ...headers };
  return { method, url, headers: Object.entries(sent), body: Buffer.from(body) };
}

/** @throws {YardError} invalid (`config.…`) */
export function webAddress(config: ChannelConfig, field: string): URL {
  const url = URL.parse(config[field] ?? "");
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:"))
    throw wrongAddress(field, "is no http or https address");
  // What stands before an @ is easily taken for the host.
  if (url.username !== "" || url.password !== "") throw wrongAddress(field, "cannot hold a user or a password");
  url.hash = "";
  return url;
}

/** @param shape of its path @param example for the message @throws {YardError} invalid (`config.webhook_url`) */
export function hookAddress(config: ChannelConfig, shape: RegExp, example: string): URL {
  const url = webAddress(config, "webhook_url");
  if (shape.test(url.pathname)) return url;
  throw wrongAddress("webhook_url", `does not look like …${example}`);
}

export function wrongAddress(field: string, what: string): YardError {
  return new YardError("invalid", what, { field: `config.${field}` });
}
