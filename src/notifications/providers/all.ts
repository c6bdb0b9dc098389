/** All kinds of receivers. A new one is a file beside these, a line here, and its name in channel.ts. */
import type { AnyProvider, ChannelProvider } from "../channel.ts";
import { discord } from "./discord.ts";
import { email } from "./email.ts";
import { googlechat } from "./googlechat.ts";
import { gotify } from "./gotify.ts";
import { matrix } from "./matrix.ts";
import { ntfy } from "./ntfy.ts";
import { pagerduty } from "./pagerduty.ts";
import type { HttpProvider, Provider } from "./provider.ts";
import { pushover } from "./pushover.ts";
import { slack } from "./slack.ts";
import { teams } from "./teams.ts";
import { createTelegram } from "./telegram.ts";
import { webhook } from "./webhook.ts";

export type Providers = Readonly<Record<ChannelProvider, HttpProvider> & Record<AnyProvider, Provider>>;

export function createProviders({ telegramUrl }: { readonly telegramUrl: string }): Providers {
  return {
    ...{ discord, slack, teams, webhook },
    ...{ googlechat, telegram: createTelegram(telegramUrl), matrix },
    ...{ ntfy, gotify, email, pagerduty, pushover },
  };
}
