/** One try to tell a receiver something: one request or one letter, to an address that may be asked, without following where an answer leads. What it answers is
 *  not read: its status says all. */
import type { BlockList } from "node:net";
import type { Clock } from "../platform/clock.ts";
import { judgeBy } from "../platform/http/outgoing/allowed.ts";
import type { HttpRequest } from "../platform/http/outgoing/exchange.ts";
import { ExchangeError } from "../platform/http/outgoing/exchange-error.ts";
import {
  exchangeFault,
  type Guarded,
  guardedAddresses,
  hostOf,
  type Resolve,
  requestGuarded,
} from "../platform/http/outgoing/guarded-request.ts";
import type { AnyProvider, ChannelConfig } from "./channel.ts";
import { sendMail } from "./mail.ts";
import type { Providers } from "./providers/all.ts";
import type { Mail, Message, Provider } from "./providers/provider.ts";

export interface Sending {
  readonly provider: AnyProvider;
  readonly config: ChannelConfig;
  readonly message: Omit<Message, "at">;
  readonly signal: AbortSignal;
}

/** Resolves once the receiver has taken it.
 *  @throws {YardError} invalid, where the channel's address cannot be right: another try is of no use
 *  @throws {ExchangeError} the reason; the signal's, where that has ended it */
export type Send = (sending: Sending) => Promise<void>;

export interface SendParts {
  readonly providers: Providers;
  /** Beside the internet, where receivers may be. */
  readonly allowNetworks: BlockList;
  readonly clock: Clock;
  readonly resolve: Resolve;
  readonly timeoutMs?: number;
}

export function createSend({ providers, allowNetworks, clock, resolve, timeoutMs = 10_000 }: SendParts): Send {
  return async ({ provider, config, message, signal }) => {
    const prepared = prepare(providers[provider], config, { ...message, at: clock.now() });
    const host = "mail" in prepared ? prepared.mail.host : hostOf(prepared.request.url);
    const judge = judgeBy({ networks: allowNetworks, setting: "notifications.allow-networks" }, host);
    const timeout = AbortSignal.timeout(timeoutMs);
    const guarded = { judge, resolve, signal: AbortSignal.any([signal, timeout]) };
    try {
      if ("mail" in prepared) await sendLetter(prepared.mail, guarded);
      else await sendRequest(prepared.request, guarded);
    } catch (error) {
      signal.throwIfAborted();
      const reason = timeout.aborted ? `no answer within ${timeoutMs / 1_000} s` : exchangeFault(error);
      throw new ExchangeError(reason, { cause: error });
    }
  };
}

/** @throws {YardError} invalid (`config.…`) */
export function prepare(
  provider: Provider,
  config: ChannelConfig,
  message: Message,
): { readonly mail: Mail } | { readonly request: HttpRequest } {
  return "mail" in provider ? { mail: provider.mail(config, message) } : { request: provider.request(config, message) };
}

async function sendLetter(mail: Mail, guarded: Guarded): Promise<void> {
  await sendMail(mail, { addresses: await guardedAddresses(mail.host, guarded), signal: guarded.signal });
}

async function sendRequest(request: HttpRequest, guarded: Guarded): Promise<void> {
  using response = await requestGuarded(request, guarded);
  if (response.status < 200 || response.status > 299)
    throw new ExchangeError(`the receiver answered with status ${response.status}`);
}
