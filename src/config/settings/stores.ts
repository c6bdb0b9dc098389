/** Where the yard keeps what it has. */
import { databaseUrl, httpUrl, redisUrl, withoutPassword } from "../addresses.ts";
import { hidden, optional, withDefault } from "../setting.ts";
import * as values from "../values.ts";

export const storeSettings = {
  "database-url": optional({
    parse: values.one(databaseUrl),
    placeholder: "url",
    help: "postgres://… in place of the SQLite file in the data directory",
    show: withoutPassword,
  }),
  "redis-url": optional({
    parse: values.one(redisUrl),
    placeholder: "url",
    help: "redis://… by which yards that share a database hear of each other's changes at once",
    show: withoutPassword,
  }),
  "master-key": optional({
    parse: values.text,
    placeholder: "key",
    help: "32 bytes in base64url, the same for all yards that share a database; see also master-key-file",
    show: hidden,
  }),
  "master-key-file": optional({
    parse: values.path,
    placeholder: "file",
    help: "holds the master key, and may be read by nobody else; without either, the data directory has one of its own",
  }),
  "s3-endpoint": optional({
    parse: values.one(httpUrl),
    placeholder: "url",
    help: "https://… of a store that speaks S3, in place of the files in the data directory",
  }),
  "s3-bucket": optional({
    parse: values.text,
    placeholder: "name",
    help: "the bucket there, which is the yard's alone",
  }),
  "s3-access-key": optional({
    parse: values.text,
    placeholder: "key",
    help: "the key by which the yard is known there",
  }),
  "s3-secret-key": optional({ parse: values.text, placeholder: "key", help: "and its secret", show: hidden }),
  "s3-region": withDefault("us-east-1", { parse: values.text, placeholder: "name", help: "the bucket's region" }),
} as const;
