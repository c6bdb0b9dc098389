/** Bounds of what the rooms keep and hand out, and where they may reach. */
import { httpUrl, network } from "../addresses.ts";
import { optional, withDefault } from "../setting.ts";
import * as values from "../values.ts";

export const roomSettings = {
  "capsules.driver": withDefault("auto", {
    parse: values.choice(["auto", "microvm", "namespace", "container", "host"]),
    placeholder: "driver",
    help: "what capsules run in; auto: the first of microvm (where KVM works), namespace and container that a host can have; host is no sandbox",
  }),
  "hosts.overcommit-memory": withDefault("2", {
    parse: values.wholeNumber({ min: 1, max: 1_000 }),
    placeholder: "factor",
    help: "how many times over a host's memory is given to capsules, which mostly use a part of what they may",
  }),
  "hosts.overcommit-disk": withDefault("4", {
    parse: values.wholeNumber({ min: 1, max: 1_000 }),
    placeholder: "factor",
    help: "the same of its disk",
  }),
  "capsules.open-ports": withDefault("true", {
    parse: values.flag,
    placeholder: "boolean",
    help: "whether everybody who knows a capsule's name reaches its ports under it; otherwise only its team does",
  }),
  "capsules.max-per-team": withDefault("250", {
    parse: values.wholeNumber({ min: 0, max: 1_000_000 }),
    placeholder: "number",
    help: "capsules that a team may have, paused ones among them; 0 is no limit",
  }),
  "capsules.max-vcpus-per-team": withDefault("500", {
    parse: values.wholeNumber({ min: 0, max: 1_000_000 }),
    placeholder: "number",
    help: "virtual CPUs that they may have in all; 0 is no limit",
  }),
  "capsules.max-memory-mb-per-team": withDefault("262144", {
    parse: values.wholeNumber({ min: 0, max: 1_000_000_000 }),
    placeholder: "MiB",
    help: "memory that they may have in all; 0 is no limit",
  }),
  "stacks.directory": optional({
    parse: values.path,
    placeholder: "directory",
    help: "where stacks are, each in a directory of its own; default: stacks in the data directory",
  }),
  "stacks.settle": withDefault("5s", {
    parse: values.duration,
    placeholder: "duration",
    help: "how long a container without a healthcheck must have run before a deployment calls it up",
  }),
  "registries.allow-networks": optional({
    parse: values.list(network),
    placeholder: "networks",
    help: "where registries of images that are tried out may be besides the internet: addresses or networks, several by comma",
  }),
  "openid.allow-networks": optional({
    parse: values.list(network),
    placeholder: "networks",
    help: "where OpenID providers that users sign in by may be besides the internet: addresses or networks, several by comma",
  }),
  "notifications.allow-networks": optional({
    parse: values.list(network),
    placeholder: "networks",
    help: "where receivers of notifications may be besides the internet: addresses or networks, several by comma",
  }),
  "notifications.telegram-url": withDefault("https://api.telegram.org", {
    parse: values.one(httpUrl),
    placeholder: "url",
    help: "the server of Telegram's Bot API",
  }),
  "snapshots.keep-days": withDefault("30", {
    parse: values.wholeNumber({ min: 1, max: 10_000 }),
    placeholder: "number",
    help: "days that a snapshot without a label is kept after it was last used",
  }),
  "events.keep-rows": withDefault("100000", {
    parse: values.wholeNumber({ min: 1_000, max: 100_000_000 }),
    placeholder: "number",
    help: "newest events that are kept",
  }),
  "events.keep-days": withDefault("30", {
    parse: values.wholeNumber({ min: 1, max: 10_000 }),
    placeholder: "number",
    help: "days that an event is kept",
  }),
} as const;
